"""Tests of bngcorr; a folder for each part, and `service` and `freeradius` for the whole."""
