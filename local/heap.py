"""How glibc keeps the memory of a process that reads from many sockets and has many threads; others are left alone."""

import ctypes
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""Of glibc's malloc.h."""
_LARGE_BYTES: Final = 128 * 1024
"""glibc's default."""


def keep_heap_small() -> None:
    """One heap for all threads, and none of it for large buffers: each is mapped by itself, and unmapped when freed.

    glibc begins like that, but then counts as large only what is larger than anything that was freed. asyncio asks for
    256 KB whenever it reads from a socket, and cuts them down to what was there: between what is left the heap would
    grow without end.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, 1)
