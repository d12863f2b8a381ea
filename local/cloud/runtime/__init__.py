"""Runs Lambda functions in warm subprocesses. Knows nothing of moto."""
