"""Proof that a backfill gives each object one verdict, whatever fails and however often it is cancelled."""
