"""The emulator: moto as a server, and what it needs besides to run the whole pipeline."""
