"""The synthesised templates: what they grant, protect, keep and leave behind."""
