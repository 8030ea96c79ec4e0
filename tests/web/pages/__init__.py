"""Shapes and wording of pages."""
