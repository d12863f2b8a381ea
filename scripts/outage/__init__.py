"""Outage of the vision endpoint: simulated for all uploads, measured for a sample."""
