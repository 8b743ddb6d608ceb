"""The head of a response: what `start_response` takes, checked, and written for the engine."""

import re
from json.encoder import encode_basestring_ascii as quote

_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer")
    + ("trailers", "transfer-encoding", "upgrade")
)
_STATUS = re.compile(r"([2-9]\d\d)(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Head:
    """A checked head.

    :param known: status lines and headers that were checked before, see `Known`.
    :param trailers: the last chunk of the response is its trailers.
    """

    __slots__ = ("status", "length", "_reason", "_headers", "_trailers")

    def __init__(self, known, status, headers, trailers=False):
        if type(headers) is not list:
            raise TypeError(f"headers are a list of (name, value), not {type(headers).__name__}")
        self.status, self._reason = known.status(status)
        self._headers = []
        self._trailers = ',"trailers":true' if trailers else ""
        # What Content-Length says.
        self.length = None
        for header in headers:
            text, length = known.header(header)
            self._headers.append(text)
            if length is not None:
                self.length = length

    @property
    def bodyless(self):
        """No body belongs to such a status (RFC 9110)."""
        return self.status == 204 or self.status == 304

    def set_length(self, length):
        """Adds a Content-Length, if the application gave none and there can be one."""
        if self.length is None and not self.bodyless:
            self.length = length
            self._headers.append(f'["Content-Length","{length}"]')

    def encode(self):
        """The first chunk of the response (docs/worker-protocol.md)."""
        return f'{{"status":{self.status}{self._reason},"headers":[{",".join(self._headers)}]{self._trailers}}}'.encode()


def encode_trailers(known, trailers):
    """The last chunk of a response that has trailers."""
    return f'[{",".join(known.header(trailer)[0] for trailer in trailers)}]'.encode()


class Known:
    """Status lines and headers as they were checked and written: those of an application recur."""

    # Entries that are remembered, and the length of the longest.
    _LIMIT = 1000
    _LONGEST = 200

    def __init__(self):
        self._statuses = {}
        self._headers = {}

    def status(self, line):
        """The number, and the JSON of the reason."""
        found = self._statuses.get(line) if type(line) is str else None
        if found is None:
            found = _check_status(line)
            self._remember(self._statuses, line, found, len(line))
        return found

    def header(self, header):
        """The JSON of a header, and the length if it is Content-Length."""
        found = self._headers.get(header) if type(header) is tuple else None
        if found is None:
            found = _check_header(header)
            self._remember(self._headers, header, found, len(found[0]))
        return found

    def _remember(self, entries, key, value, length):
        if length > self._LONGEST:
            return
        if len(entries) >= self._LIMIT:
            entries.clear()
        entries[key] = value


def _check_status(line):
    if not isinstance(line, str):
        raise TypeError(f"a status is a str like '200 OK', not {line!r}")
    match = _STATUS.fullmatch(line)
    if match is None:
        raise ValueError(f"a status is like '200 OK', not {line!r}")
    return int(match[1]), f',"reason":{quote(match[2])}' if match[2] else ""


def _check_header(header):
    if type(header) is not tuple or len(header) != 2:
        raise TypeError(f"a header is a tuple (name, value), not {header!r}")
    name, value = header
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"header {name!r}: {value!r}: names and values are str")
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a header")
    if not value.isascii():
        value.encode("latin-1")
    if _FORBIDDEN.search(value):
        raise ValueError(f"header {name}: {value!r} has a line break or another control character in it")
    lower = name.lower()
    if lower in _HOP_BY_HOP:
        raise ValueError(f"header {name} is the server's own affair (hop-by-hop): an application must not set it")
    length = None
    if lower == "content-length":
        if not (value.isascii() and value.isdigit()):
            raise ValueError(f"Content-Length {value!r} is not a number")
        length = int(value)
    return f"[{quote(name)},{quote(value)}]", length
