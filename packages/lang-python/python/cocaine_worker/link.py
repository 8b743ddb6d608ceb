"""The connection to the engine: what waits to be sent, and what was received."""

import os

from . import zmtp
from .light import MSG_DONTWAIT, allocate_lock

READ = 65_536
# Bytes that are held back at the most, and from which on a part is sent without being copied.
BATCH = 65_536


class Link:
    """Written to by the main thread. Another one may flush, or send what belongs to no job, at any time.

    The main thread adds whole messages to `out`, each with one call of `append` or `+=`, which the interpreter does
    not interrupt; so `out` always ends with a whole message and needs no lock. Taking from it does.
    """

    def __init__(self, connection):
        self.out = []
        self.waiting = 0
        self.leaving = False
        self._socket = connection
        self._lock = allocate_lock()
        self._rest = []
        self._held = 0
        self._need = 0

    def fileno(self):
        return self._socket.fileno()

    def send(self, *parts):
        """Adds one message."""
        self.out += parts
        self.waiting += sum(map(len, parts))
        if self.waiting >= BATCH:
            self.flush()

    def flush(self):
        """Sends all that waits."""
        if self.out:
            with self._lock:
                self._drain()

    def try_flush(self, extra=b""):
        """The same for a thread that must not wait behind another's sending; `extra` goes after what waits.

        :returns: whether it could.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if extra:
                self.out.append(extra)
            self._drain()
        finally:
            self._lock.release()
        return True

    def receive(self, block=True):
        """Reads once; the messages that are complete with it, perhaps none."""
        try:
            data = self._socket.recv(max(READ, self._need - self._held), 0 if block else MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.gone()
        if self._held:
            self._rest.append(data)
            self._held += len(data)
            if self._held < self._need:
                return []
            data = b"".join(self._rest)
        messages, commands, start, self._need = zmtp.split(data)
        self._rest = [data[start:]] if start < len(data) else []
        self._held = len(data) - start
        for body in commands:
            answer = zmtp.answer(body)
            if answer:
                self.send(answer)
        return messages

    def gone(self):
        """The engine has left: nobody waits for what this process does."""
        if not self.leaving:
            _say("the engine closed the connection")
        os._exit(0 if self.leaving else 1)

    def close(self):
        self.leaving = True
        self.flush()
        self._socket.close()

    def _drain(self):
        # What is added meanwhile comes after what is counted now.
        count = len(self.out)
        parts = self.out[:count]
        del self.out[:count]
        large = self.waiting >= BATCH
        self.waiting = 0
        try:
            if large:
                for data in _joined(parts):
                    self._socket.sendall(data)
            else:
                self._socket.sendall(b"".join(parts))
        except OSError:
            self.gone()


def _say(text):
    try:
        os.write(2, text.encode() + b"\n")
    except OSError:
        # Whoever read the output has left with the engine.
        return


def _joined(parts):
    """Joins small parts and leaves large ones as they are."""
    small = []
    for part in parts:
        if len(part) < BATCH:
            small.append(part)
            continue
        if small:
            yield b"".join(small)
            small.clear()
        yield part
    if small:
        yield b"".join(small)
