"""Comparison of the pipeline's renderings with those of a browser and of second decoders."""
