"""The one error that ends the local stack: its text is all that the user sees."""


class StackError(Exception):
    """The stack cannot start or go on; the message says why and what helps."""
