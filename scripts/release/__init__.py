"""Pins, wheels, recorded calls and the end-to-end run: what a release needs."""
