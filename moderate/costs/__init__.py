"""Monthly cost of a deployment: usage, prices and the bill."""
