"""IAM on the laptop: callers, the rights that calls need, and their evaluation by the deployed policies."""
