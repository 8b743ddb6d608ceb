"""The head of a response: what `start_response` takes, checked, and written for the engine."""

import re
from json.encoder import encode_basestring_ascii as quote

_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers")
    + ("transfer-encoding", "upgrade")
)
_STATUS = re.compile(r"([1-9]\d\d)(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\x00\r\n]")


class Head:
    """Status and headers."""

    __slots__ = ("status", "reason", "headers", "length")

    def __init__(self, status, headers):
        if not isinstance(status, str):
            raise TypeError(f"a status is a str like '200 OK', not {status!r}")
        match = _STATUS.fullmatch(status)
        if match is None:
            raise ValueError(f"a status is like '200 OK', not {status!r}")
        if not isinstance(headers, list):
            raise TypeError(f"headers are a list of (name, value), not {type(headers).__name__}")
        self.status = int(match[1])
        self.reason = match[2] or ""
        # The application may go on to use its list.
        self.headers = list(headers)
        # What Content-Length says.
        self.length = None
        for name, value in self.headers:
            self._check(name, value)

    @property
    def bodyless(self):
        """No body belongs to such a status (RFC 9110)."""
        return self.status < 200 or self.status in (204, 304)

    def set_length(self, length):
        """Adds a Content-Length, if the application gave none and there can be one."""
        if self.length is None and not self.bodyless:
            self.length = length
            self.headers.append(("Content-Length", str(length)))

    def encode(self):
        """The first chunk of the response (docs/worker-protocol.md)."""
        headers = ",".join([f"[{quote(name)},{quote(value)}]" for name, value in self.headers])
        reason = f',"reason":{quote(self.reason)}' if self.reason else ""
        return f'{{"status":{self.status}{reason},"headers":[{headers}]}}'.encode()

    def _check(self, name, value):
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"header {name!r}: {value!r}: names and values are str")
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is not the name of a header")
        if not value.isascii():
            value.encode("latin-1")
        if _FORBIDDEN.search(value):
            raise ValueError(f"header {name}: {value!r} has a line break or a zero byte in it")
        lower = name.lower()
        if lower in _HOP_BY_HOP:
            raise ValueError(f"header {name} is the server's own affair (hop-by-hop): an application must not set it")
        if lower == "content-length":
            if not value.isdigit():
                raise ValueError(f"Content-Length {value!r} is not a number")
            self.length = int(value)
