"""Runs an ASGI application for one request (ASGI 3.0, HTTP)."""

from .errors import Cancelled
from .head import Head, encode_trailers
from .outgoing import finish, send


class Exchange:
    """One request and its response: what `receive` and `send` of the application do."""

    def __init__(self, job, method, known):
        self._job = job
        self._known = known
        self._received = False
        self._bodyless = method == "HEAD"
        # The head waits for the first of the body.
        self._head = None
        self._sent = False
        self._written = 0
        # Trailers that came, of an application which has promised some, once the body is whole.
        self._promised = False
        self._trailers = None
        self.is_complete = False

    async def receive(self):
        try:
            if not self._received:
                return await self._body()
            while not self.is_complete:
                self._job.check()
                await self._job.runner.readable()
        except Cancelled:
            self._received = True
        return {"type": "http.disconnect"}

    async def send(self, message):
        try:
            await self._send(message)
        except Cancelled as error:
            raise OSError("the client is gone") from error

    def require_complete(self):
        self._job.check()
        if not self.is_complete:
            raise RuntimeError("the application returned without completing its response")

    async def _body(self):
        job = self._job
        if job.whole:
            self._received = True
            return {"type": "http.request", "body": bytes(job.chunk), "more_body": False}
        try:
            chunk = await job.stream.__anext__()
        except StopAsyncIteration:
            self._received = True
            chunk = b""
        return {"type": "http.request", "body": chunk, "more_body": not self._received}

    async def _send(self, message):
        kind = message["type"]
        if self.is_complete:
            raise RuntimeError(f"{kind} was sent after the response was complete")
        self._job.check()
        if kind == "http.response.start" and self._head is None:
            self._head = self._checked(message)
        elif kind == "http.response.body" and self._head is not None and self._trailers is None:
            await self._send_body(bytes(message.get("body", b"")), message.get("more_body", False))
        elif kind == "http.response.trailers" and self._trailers is not None:
            await self._send_trailers(message)
        else:
            expected = "start" if self._head is None else "body" if self._trailers is None else "trailers"
            raise RuntimeError(f"expected http.response.{expected}, and the application sent {kind}")

    def _checked(self, message):
        headers = _decoded(message)
        # How a body is framed is the driver's affair; the specification has servers ignore the first.
        headers = [header for header in headers if header[0].lower() not in ("transfer-encoding", "trailer")]
        self._promised = bool(message.get("trailers", False))
        return Head(self._known, str(message["status"]), headers, self._promised)

    async def _send_body(self, data, more):
        head = self._head
        self._bodyless = self._bodyless or head.bodyless
        if self._bodyless:
            data = b""
        elif not self._sent and not more and not self._promised:
            head.set_length(len(data))
        self._written += len(data)
        if not self._bodyless and head.length is not None:
            if self._written > head.length or (self._written < head.length and not more):
                raise RuntimeError(f"Content-Length says {head.length}, and the body has {self._written} bytes")
        first = b"" if self._sent else head.encode()
        self._sent = True
        if not more and not self._promised:
            return await self._finish(data, first=first)
        await send(self._job, first)
        await send(self._job, data)
        if not more:
            self._trailers = []

    async def _send_trailers(self, message):
        self._trailers += _decoded(message)
        if not message.get("more_trailers", False):
            await self._finish(encode_trailers(self._known, self._trailers))

    async def _finish(self, data, first=b""):
        await finish(self._job, data, first=first)
        self.is_complete = True
        self._job.runner.notify()


def _decoded(message):
    return [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in message.get("headers", ())]
