"""One job, as the code that runs it sees it."""

from . import protocol
from .errors import Cancelled, text
from .response import Response
from .stream import Stream


class Job:
    """What is known of a job: `id`, `attempt`, `deadline`, `method`, `metadata`, and its request as `stream`."""

    def __init__(self, runner, frames):
        header = frames[0]
        self.runner = runner
        self.number = header[4:]
        self.name = frames[1]
        self.whole = bool(header[1] & protocol.END)
        self.chunk = frames[3] if len(frames) > 3 else b""
        self._described = frames[2]
        self._metadata = None
        self._stream = None
        self._response = None
        self._cancelled = None
        self.on_cancel = None

    # --- what app code sees ---

    @property
    def method(self):
        """Name of the task."""
        return self.name.decode()

    @property
    def metadata(self):
        """All that the engine says of the job, with the driver's own part, as a dict."""
        if self._metadata is None:
            # Slow to import, and not every app asks.
            import json

            self._metadata = json.loads(self._described.decode())
        return self._metadata

    @property
    def id(self):
        """Unique in the cluster; the same in the log and the feed."""
        return self.metadata["id"]

    @property
    def attempt(self):
        """1 for the first try."""
        return self.metadata["attempt"]

    @property
    def deadline(self):
        """When the caller stops waiting, in milliseconds since the epoch, or `None`."""
        return self.metadata.get("deadline")

    @property
    def stream(self):
        """The request as it comes; also one that came whole, as its one chunk."""
        if self._stream is None:
            self._stream = Stream(self, self.chunk, self.whole)
        return self._stream

    @property
    def cancelled(self):
        """Whether nobody waits for the job any more, as far as this process has heard."""
        self.runner.look()
        return self.is_cancelled

    def log(self, level, message, **fields):
        """Writes a line to the app's log, which names the job; `level` is debug, info, warn or error."""
        frames = [level.encode(), text(message)]
        if fields:
            import json

            data = json.dumps(fields, default=str).encode()
            frames.append(data if len(data) <= protocol.FRAME_LIMIT else b'{"omitted":"too long"}')
        self.runner.send(protocol.message(protocol.LOG, self.number, *frames))

    # --- what the kit does ---

    def describes(self, key):
        """Whether the driver says something under `key`; most often found out without decoding."""
        return b'"%b":' % key.encode() in self._described and key in self.metadata

    @property
    def response(self):
        if self._response is None:
            self._response = Response(self)
        return self._response

    def request(self):
        """The whole request, however it comes."""
        return self.chunk if self.whole else self.stream.read()

    @property
    def cancellation(self):
        """The exception that ends the job, if nobody waits for it."""
        return self._cancelled

    @property
    def is_cancelled(self):
        return self._cancelled is not None

    def cancel(self, reason):
        self._cancelled = Cancelled(reason or "the job was cancelled")
        if self.on_cancel is not None:
            self.on_cancel()

    def check(self):
        """Raises `Cancelled` where nobody waits for the job any more."""
        if self._cancelled is not None:
            raise self._cancelled
