"""What `moderate doctor` examines, one subject a file."""
