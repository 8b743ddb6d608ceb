"""The response of a job as it goes out."""

from .protocol import CHOKE_OPENING, CHUNK_OPENING, FRAME_LIMIT, LAST_CHUNK_OPENING, WINDOW
from .zmtp import frame


class Response:
    """Splits what is too long for a frame, and waits for credit."""

    def __init__(self, job):
        self._job = job
        self._window = WINDOW

    def write(self, data):
        """Sends a chunk. May raise `Cancelled`."""
        if len(data) > FRAME_LIMIT:
            view = memoryview(data)
            for start in range(0, len(data), FRAME_LIMIT):
                self._send(CHUNK_OPENING, view[start : start + FRAME_LIMIT])
        elif data:
            self._send(CHUNK_OPENING, data)

    def end(self, data=b""):
        """Sends the last chunk, and the end with it."""
        if 0 < len(data) <= FRAME_LIMIT:
            self._send(LAST_CHUNK_OPENING, data)
            return
        self.write(data)
        self._job.runner.send(CHOKE_OPENING, self._job.number)

    def credit(self, size):
        self._window += size

    def _send(self, opening, data):
        job = self._job
        job.runner.glance()
        job.check()
        while self._window <= 0:
            job.runner.wait()
            job.check()
        self._window -= len(data)
        job.runner.send(opening, job.number, frame(len(data)), data)
