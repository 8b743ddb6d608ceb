"""The request of a job as it comes in."""

import struct

from .light import deque
from .protocol import CREDIT_OPENING, SHORT, WINDOW


class Stream:
    """Chunks of a request. The sender waits while nobody reads.

    Iterate over it, with `for` or `async for`, or `read()` from it; either may stop the code with `Cancelled`.
    """

    def __init__(self, job, chunk, whole):
        self._job = job
        self._chunks = deque([chunk] if chunk else ())
        self._ended = whole
        self._consumed = 0

    def __iter__(self):
        return self

    def __next__(self):
        chunk = self._next()
        if chunk is None:
            raise StopIteration
        return bytes(chunk)

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._ready():
            self._job.runner.flush()
            await self._job.runner.loop.readable()
        chunk = self._next()
        if chunk is None:
            raise StopAsyncIteration
        return bytes(chunk)

    def read(self, size=-1):
        """Reads `size` bytes, fewer only at the end; without a size all that is left."""
        parts, left = [], size
        while size < 0 or left > 0:
            chunk = self._next()
            if chunk is None:
                break
            if 0 <= size and left < len(chunk):
                chunk = self._put_back(chunk, left)
            parts.append(chunk)
            left -= len(chunk)
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def read_some(self, size):
        """A view of what is there, `size` bytes at the most; nothing only at the end."""
        chunk = self._next()
        if chunk is None:
            return b""
        return chunk if len(chunk) <= size else self._put_back(chunk, size)

    # --- what the kit does ---

    def push(self, chunk, end):
        if chunk:
            self._chunks.append(chunk)
        if end:
            self._ended = True

    def _ready(self):
        self._job.check()
        return self._chunks or self._ended

    def _next(self):
        """The next chunk; `None` at the end."""
        while not self._ready():
            self._job.runner.wait()
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._consumed += len(chunk)
        if self._consumed >= WINDOW // 2 and not self._ended:
            self._job.runner.send(CREDIT_OPENING, self._job.number, SHORT[4], struct.pack(">I", self._consumed))
            self._consumed = 0
        return chunk

    def _put_back(self, chunk, size):
        """The first `size` bytes of a chunk; the rest is next."""
        self._consumed -= len(chunk) - size
        view = memoryview(chunk)
        self._chunks.appendleft(view[size:])
        return view[:size]
