"""Emulator: moto as a server, with the patches and the Lambda runtime that the pipeline needs."""
