"""The `moderate` command: operates a deployment, in the cloud or on the laptop."""
