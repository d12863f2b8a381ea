"""Release tools: pins, wheels, generated pages, recordings and the end-to-end run."""
