"""The workflow: its definition in Amazon States Language, and how to load it."""
