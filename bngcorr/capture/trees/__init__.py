"""Packets as trees, for people and for JSON. Pure."""
