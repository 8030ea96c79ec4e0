"""What the API, the pages and the command line tell and ask: one model for each thing, in one vocabulary."""
