"""Reading captures."""
