"""The response of a job as it goes out."""

from .protocol import CHOKE_OPENING, CHUNK_OPENING, FRAME_LIMIT, LAST_CHUNK_OPENING, WINDOW
from .zmtp import frame


class Response:
    """Splits what is too long for a frame, and waits for credit."""

    def __init__(self, job):
        self._job = job
        self._window = WINDOW

    @property
    def is_open(self):
        """Whether a frame may be sent now."""
        return self._window > 0

    def write(self, data):
        """Sends a chunk. May raise `Cancelled`."""
        if len(data) > FRAME_LIMIT:
            view = memoryview(data)
            for start in range(0, len(data), FRAME_LIMIT):
                self._send(view[start : start + FRAME_LIMIT])
        elif data:
            self._send(data)

    def end(self, data=b"", first=b""):
        """Sends the last chunk, and the end with it.

        :param first: a chunk to go before it.
        """
        if first and 0 < len(data) <= FRAME_LIMIT and len(first) < self._window:
            self._window -= len(first) + len(data)
            number = self._job.number
            self._job.runner.finish(
                CHUNK_OPENING, number, frame(len(first)), first, LAST_CHUNK_OPENING, number, frame(len(data)), data
            )
            return
        self.write(first)
        if 0 < len(data) <= FRAME_LIMIT:
            self._take(len(data))
            self._job.runner.finish(LAST_CHUNK_OPENING, self._job.number, frame(len(data)), data)
            return
        self.write(data)
        self._job.runner.finish(CHOKE_OPENING, self._job.number)

    def credit(self, size):
        self._window += size

    def _send(self, data):
        self._take(len(data))
        self._job.runner.send(CHUNK_OPENING, self._job.number, frame(len(data)), data)

    def _take(self, size):
        """Waits until a frame of that size may be sent."""
        job = self._job
        job.runner.glance()
        job.check()
        while self._window <= 0:
            job.runner.wait()
            job.check()
        self._window -= size
