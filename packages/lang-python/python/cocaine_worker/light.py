"""What the kit needs of modules that are slow to import, from the ones beneath them.

A worker of an app that needs little starts in the time that the interpreter takes: `socket`, `threading` and
`collections` would add three quarters of it. An interpreter that is built otherwise has the public ones.
"""

try:
    from _collections import deque
    from _socket import AF_UNIX, MSG_DONTWAIT, SOCK_STREAM, socket
except ImportError:
    from collections import deque
    from socket import AF_UNIX, MSG_DONTWAIT, SOCK_STREAM, socket

# Public, if low-level.
from _thread import allocate_lock, start_new_thread

__all__ = ["AF_UNIX", "MSG_DONTWAIT", "SOCK_STREAM", "allocate_lock", "deque", "socket", "start_new_thread"]
