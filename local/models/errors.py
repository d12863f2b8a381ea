"""Errors that prevent the model server from starting."""


class UnusableModel(Exception):
    """The requested model can't be served here; the message names the cause and the remedy."""
