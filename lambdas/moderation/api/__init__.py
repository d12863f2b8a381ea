"""The review API: one table of routes, what each may be sent, and what each answers."""
