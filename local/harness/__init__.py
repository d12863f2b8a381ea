"""Test bed: a deployed laptop cloud, instant model endpoints, and hostile files."""
