"""Which protocol asked, and for which line: labelled packets, properties, `bngcorr explain`, settings, cost."""
