"""Replay: captures through the rules, in the capture's time."""
