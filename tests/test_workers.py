"""Threads for work that keeps a processor busy (``studio/workers.py``)."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from studio.workers import ARENAS


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone has arenas")
def test_threads_share_the_heap() -> None:
    """glibc makes no more arenas than asked for, however many threads allocate."""
    program = """
import ctypes, sys, threading
from studio.workers import share_heap

share_heap()
ready = threading.Barrier(33)

def hold():
    kept = [bytes(700) for _ in range(64)]  # each over 512 bytes: malloc's, not the interpreter's own pools
    ready.wait()

threads = [threading.Thread(target=hold) for _ in range(32)]
for thread in threads:
    thread.start()
ready.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
out = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fclose(ctypes.c_void_p(out))
"""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "heap.xml")
        subprocess.run([sys.executable, "-c", program, str(told)], check=True)
        arenas = told.read_text().count("<heap nr=")

    assert arenas == ARENAS
