"""Cost and scale pages, and the measured calls that they are calculated from."""
