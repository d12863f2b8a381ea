"""Test bed: a deployed laptop cloud, model endpoints that answer at once, and files made to break a decoder."""
