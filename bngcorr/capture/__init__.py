"""Packets from files: captures of any kind, plain or compressed, and hexadecimal text."""
