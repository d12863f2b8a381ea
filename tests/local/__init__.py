"""The laptop cloud: its patches of moto, its Lambda runtime, its session."""
