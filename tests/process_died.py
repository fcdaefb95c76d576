"""The end of a process in the middle of its work."""


class ProcessDied(BaseException):
    """Not an `Exception`: nothing in a dying process gets to handle it."""
