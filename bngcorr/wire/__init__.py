"""Octets to values and back. Everything here is a function of its arguments; refusals are ``WireError``s."""
