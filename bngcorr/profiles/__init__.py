"""What one family of BNGs sends: data files (`data/`), their model (`catalogue`), their compiled form (`profile`)."""
