"""Checks of `moderate doctor`, one subject a file."""
