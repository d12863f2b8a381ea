"""What can keep the model server from starting."""


class UnusableModel(Exception):
    """The model that was asked for can't be served here; the message says why and what to do."""
