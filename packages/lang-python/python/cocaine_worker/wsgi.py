"""Runs a WSGI application (PEP 3333)."""

from .errors import Cancelled
from .functions import stop
from .head import Head


def serve(application, environ, response, known):
    """Runs the application for one request, and sends its whole response.

    :param known: the heads of earlier responses, see `head.Known`.
    """
    answer = Answer(response, environ["REQUEST_METHOD"] == "HEAD", known)
    blocks = application(environ, answer.start_response)
    if type(blocks) is list and len(blocks) == 1 and answer.send_whole(blocks[0]):
        return
    try:
        answer.send_all(blocks)
    finally:
        if hasattr(blocks, "close"):
            blocks.close()
    response.end()


class Answer:
    """The response of one request: its head goes out with the first byte of the body, or at the end."""

    def __init__(self, response, bodyless, known):
        self._response = response
        self._known = known
        self._bodyless = bodyless
        self._head = None
        self._sent = False
        self._written = 0

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self._sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                # Breaks the circle of this frame and the traceback.
                exc_info = None
        elif self._head is not None:
            raise AssertionError("start_response was called a second time, without exc_info")
        self._head = Head(self._known, status, headers)
        return self._write

    def send_whole(self, block):
        """Sends the whole response at once, where that is all there is to it: the most frequent one by far.

        :returns: whether it did.
        """
        head = self._head
        if type(block) is not bytes or not block or self._sent or self._bodyless or head is None or head.bodyless:
            return False
        head.set_length(len(block))
        if head.length != len(block):
            return False
        self._response.end(block, first=head.encode())
        return True

    def send_all(self, blocks):
        count = _length(blocks)
        iterator = iter(blocks)
        try:
            for block in iterator:
                if block and not self._sent and count == 1:
                    self._started().set_length(len(block))
                self._send(block)
                if self._is_complete():
                    break
        except Cancelled as error:
            stop(iterator, error)
            raise
        self._finish()

    def _write(self, data):
        """The `write` that start_response gives to applications of the old kind."""
        head = self._started()
        if head.length is not None and self._written + len(data) > head.length:
            raise ValueError(f"more bytes are written than Content-Length {head.length} says")
        self._send(data)

    def _send(self, data):
        if not isinstance(data, bytes):
            raise TypeError(f"the body of a response is bytes, not {type(data).__name__}")
        if not data:
            return
        head = self._started()
        self._send_head()
        if self._bodyless:
            return
        if head.length is not None:
            data = data[: head.length - self._written]
        self._written += len(data)
        self._response.write(data)

    def _is_complete(self):
        """Whether the rest of the iterable is of no use."""
        return self._sent and (self._bodyless or self._written == self._head.length)

    def _finish(self):
        head = self._started()
        if not self._sent:
            if not self._bodyless:
                head.set_length(0)
            self._send_head()
        if not self._bodyless and head.length is not None and self._written < head.length:
            raise ValueError(f"Content-Length says {head.length}, and the body has {self._written} bytes")

    def _started(self):
        if self._head is None:
            raise AssertionError("the application sends a body before it calls start_response")
        return self._head

    def _send_head(self):
        if not self._sent:
            self._sent = True
            self._bodyless = self._bodyless or self._head.bodyless
            self._response.write(self._head.encode())


def _length(blocks):
    """How many blocks there are, where that is known."""
    try:
        return len(blocks)
    except TypeError:
        return None
