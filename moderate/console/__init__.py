"""The review console: its page, and the server that shows it to one person on their own computer."""
