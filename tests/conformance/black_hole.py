"""Lets everything that is sent to a socket vanish before the kernel sees it, so that nobody acknowledges or refuses it.

A program that stops to read is no peer that vanished: its kernel goes on to acknowledge. A filter of the socket that
takes nothing (socket(7), SO_ATTACH_FILTER) makes the kernel deaf as well, and needs no rights.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from typing import Any

import pytest

_ATTACH, _DETACH = 26, 27
"""SO_ATTACH_FILTER and SO_DETACH_FILTER (asm-generic/socket.h), which Python does not name."""
_TAKE_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
"""One instruction of BPF: return 0, the number of bytes to keep (linux/filter.h)."""


needs_black_hole = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has SO_ATTACH_FILTER")
"""Marks a test."""


def swallow(line: Any) -> None:
    """Let what is sent to a socket vanish; where it listens, whoever would connect, too."""
    program = ctypes.create_string_buffer(_TAKE_NOTHING, len(_TAKE_NOTHING))
    line.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("HP", 1, ctypes.addressof(program)))


def spare(line: Any) -> None:
    """Let it hear again."""
    line.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
