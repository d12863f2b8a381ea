"""The laptop cloud: its additions to moto, its Lambda runtime, its session."""
