"""Detectors: one kind of trouble a file, all of them pure; `bngcorr.capture.diagnose.run` lists them."""
