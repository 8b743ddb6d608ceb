"""The body of a request as a file (`wsgi.input`)."""

import io

# Bytes that are read ahead for readline().
BUFFER = 65_536


def open_body(stream):
    """A file that reads a job's request as it comes; it ends where the body does."""
    return io.BufferedReader(_Body(stream), BUFFER)


class _Body(io.RawIOBase):
    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._stream.read_some(len(buffer))
        buffer[: len(data)] = data
        return len(data)
