"""Benchmarks of the pipeline, the model server and the policy checks."""
