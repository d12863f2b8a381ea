"""Programs of those who use a deployment: they know its outputs and contracts, and nothing of this code base."""
