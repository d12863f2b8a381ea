"""The moderation pipeline: an uploaded image becomes a verdict."""
