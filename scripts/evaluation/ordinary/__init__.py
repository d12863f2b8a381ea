"""Ordinary uploads, generated from seeds: what people send every day, and what no rule should send to review."""
