"""CoA and Disconnect: from AAA to the BNGs, and of our own."""
