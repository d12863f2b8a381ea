"""Handler of the BLIP-2 container. It imports nothing of the project outside this folder."""
