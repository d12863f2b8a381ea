"""The `moderate` command: what an operator does to a deployment, in the cloud or on the laptop alike."""
