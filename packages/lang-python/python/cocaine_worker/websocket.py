"""Runs an ASGI application for one WebSocket (ASGI 3.0, WebSocket; docs/worker-protocol.md, WebSocket)."""

import json
import struct

from .errors import Cancelled
from .head import Head
from .outgoing import finish, send

_TEXT, _BINARY, _CLOSE = 1, 2, 8
_HEADER = struct.Struct(">BI")

# RFC 6455, 7.4.1.
_NORMAL, _NO_CODE, _ABNORMAL = 1000, 1005, 1006


class WebSocket:
    """What `receive` and `send` of the application do.

    It is `new`, `asked` once the application was told, then `open`, `denying` or `over`.
    """

    def __init__(self, job, known):
        self._job = job
        self._known = known
        self._state = "new"
        self._left = None
        self._rest = b""

    async def receive(self):
        if self._state == "new":
            self._state = "asked"
            return {"type": "websocket.connect"}
        if self._left is None:
            try:
                kind, payload = await self._record()
            except Cancelled:
                kind, payload = _CLOSE, struct.pack(">H", _ABNORMAL)
            if kind == _TEXT:
                return {"type": "websocket.receive", "text": payload.decode()}
            if kind == _BINARY:
                return {"type": "websocket.receive", "bytes": payload}
            code = struct.unpack_from(">H", payload)[0] if len(payload) > 1 else _NO_CODE
            self._left = {"type": "websocket.disconnect", "code": code, "reason": payload[2:].decode()}
        return self._left

    async def send(self, message):
        try:
            await self._send(message)
        except Cancelled as error:
            raise OSError("the client is gone") from error

    async def end(self):
        """The application has returned."""
        if self._state == "open":
            await finish(self._job)
        elif self._state != "over":
            raise RuntimeError("the application returned without accepting or closing the WebSocket")

    async def _send(self, message):
        kind = message["type"]
        if self._left is not None and self._state != "over":
            raise OSError("the client is gone")
        if self._state == "open" and kind == "websocket.send":
            text = message.get("text")
            await self._write(_BINARY, message["bytes"]) if text is None else await self._write(_TEXT, text.encode())
        elif self._state == "open" and kind == "websocket.close":
            reason = (message.get("reason") or "").encode()
            await self._write(_CLOSE, struct.pack(">H", message.get("code", _NORMAL)) + reason)
            await self._end()
        elif self._state in ("new", "asked") and kind == "websocket.accept":
            head = {"status": 101, "headers": _pairs(message), "protocol": message.get("subprotocol")}
            await send(self._job, json.dumps(head).encode())
            self._state = "open"
        elif self._state in ("new", "asked") and kind == "websocket.close":
            await send(self._job, b'{"status":403,"headers":[]}')
            await self._end()
        elif self._state in ("new", "asked") and kind == "websocket.http.response.start":
            await send(self._job, Head(self._known, str(message["status"]), _pairs(message)).encode())
            self._state = "denying"
        elif self._state == "denying" and kind == "websocket.http.response.body":
            await send(self._job, bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                await self._end()
        else:
            raise RuntimeError(f"the application sent {kind} where it cannot, the WebSocket being {self._state}")

    async def _end(self):
        self._state = "over"
        await finish(self._job)

    async def _write(self, kind, payload):
        await send(self._job, _HEADER.pack(kind, len(payload)) + payload)

    async def _record(self):
        header = await self._take(_HEADER.size)
        if header is None:
            return _CLOSE, struct.pack(">H", _ABNORMAL)
        kind, size = _HEADER.unpack(header)
        return kind, await self._take(size)

    async def _take(self, size):
        """So many bytes, once they are there; `None` at the end of the request."""
        parts, held = [self._rest], len(self._rest)
        while held < size:
            try:
                chunk = await self._job.stream.__anext__()
            except StopAsyncIteration:
                return None
            parts.append(chunk)
            held += len(chunk)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._rest = data[size:]
        return data[:size]


def _pairs(message):
    return [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in message.get("headers", ())]
