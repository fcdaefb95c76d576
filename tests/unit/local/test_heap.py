"""The heap of a process of its own, since its settings are for good."""

import ctypes
import subprocess
import sys

import pytest

from tests.stack import ROOT

_HOW_MANY_HEAPS = """
import ctypes
from threading import Barrier, Thread
from local.heap import keep_heap_small

keep_heap_small()
together = Barrier(4)

def allocate():
    kept = [bytes(1000) for _ in range(100)]
    together.wait()

threads = [Thread(target=allocate) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
ctypes.CDLL(None).malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""
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


pytestmark = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="another C library")


def test_a_buffer_as_large_as_those_of_asyncio_is_mapped_by_itself_also_after_a_larger_one_was_freed() -> None:
    assert int(_said_by(_HOW_MANY_ARE_MAPPED)) == 1


def test_threads_share_a_heap() -> None:
    assert _said_by(_HOW_MANY_HEAPS).count("<heap ") == 1


def _said_by(program: str) -> str:
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    return ran.stdout
