"""`moderate backfill`: moderate objects that exist already."""
