"""IAM on the laptop: who calls, which rights a call needs, and whether the deployed policies give them."""
