"""The soak: many uploads while everything around the pipeline fails, and what must hold all the same."""
