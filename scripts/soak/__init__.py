"""Soak test: thousands of uploads under injected faults, and the invariants that must hold."""
