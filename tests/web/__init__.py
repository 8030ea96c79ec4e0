"""The API alone, over figures that stand still."""
