"""What every store promises: one suite over all of them."""
