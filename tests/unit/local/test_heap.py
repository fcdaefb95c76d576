"""The heap of a process of its own, since its settings are for good."""

import ctypes
import subprocess
import sys

import pytest

from tests.stack import ROOT

_HOW_MANY_ARE_MAPPED = """
import ctypes
from local.heap import keep_heap_small

class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Heap
keep_heap_small()
freed = bytes(1_000_000)
del freed
before = mallinfo().hblks
kept = bytes(256 * 1024)
print(mallinfo().hblks - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="another C library")
def test_a_buffer_as_large_as_those_of_asyncio_is_mapped_by_itself_also_after_a_larger_one_was_freed() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _HOW_MANY_ARE_MAPPED], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert int(ran.stdout) == 1
