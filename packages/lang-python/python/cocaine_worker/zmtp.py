"""ZMTP 3.1 (RFC 37) on a Unix socket: the side of a DEALER, with the mechanism NULL."""

import struct

from .light import AF_UNIX, SOCK_STREAM, socket

MORE, LONG, COMMAND = 1, 2, 4
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)

_LENGTH = struct.Struct(">Q")


class Refused(Exception):
    """The other side does not take this connection."""


def frame(length, flags=0):
    """The header of a frame."""
    if length < 256:
        return bytes((flags, length))
    return bytes((flags | LONG,)) + _LENGTH.pack(length)


def command(name, data):
    body = bytes((len(name),)) + name + data
    return frame(len(body), COMMAND) + body


def connect(endpoint, identity):
    """Connects to a ROUTER; a DEALER and what it was sent with the handshake.

    :param endpoint: ``ipc://`` and a path.
    :param identity: the routing id.
    """
    if not endpoint.startswith("ipc://"):
        raise ValueError(f"endpoint {endpoint!r}: a worker connects to ipc://<path>")
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.connect(endpoint[6:])
    properties = _property(b"Socket-Type", b"DEALER") + _property(b"Identity", identity.encode())
    connection.sendall(GREETING + command(b"READY", properties))
    greeting = _read(connection, len(GREETING))
    if greeting[0] != 0xFF or greeting[9] != 0x7F or greeting[10] < 3 or greeting[12:17] != b"NULL\0":
        raise Refused(f"{endpoint} does not speak ZMTP 3 with the mechanism NULL")
    flags, length = _read(connection, 2)
    if flags & LONG:
        (length,) = _LENGTH.unpack(bytes((length,)) + _read(connection, 7))
    body = _read(connection, length)
    if not flags & COMMAND or not body.startswith(b"\x05READY"):
        raise Refused(f"{endpoint} refused this worker: {body[:300]!r}")
    return connection


def split(data):
    """Takes received bytes apart.

    :returns: the complete messages, each a list of frames; the commands between them; where the first incomplete
        message begins, and how many bytes of it there must be at least to go on.
    """
    messages, commands = [], []
    size = len(data)
    at = start = 0
    frames = []
    while True:
        if size - at < 2:
            return messages, commands, start, at + 2 - start
        flags = data[at]
        if flags & LONG:
            if size - at < 9:
                return messages, commands, start, at + 9 - start
            (length,) = _LENGTH.unpack_from(data, at + 1)
            at += 9
        else:
            length = data[at + 1]
            at += 2
        end = at + length
        if end > size:
            return messages, commands, start, end - start
        if flags & COMMAND:
            commands.append(data[at:end])
            start = end
        else:
            frames.append(data[at:end])
            if not flags & MORE:
                messages.append(frames)
                frames = []
                start = end
        at = end


def answer(body):
    """The answer to a command: PONG with its context to a PING, none to others."""
    return command(b"PONG", body[7:]) if body.startswith(b"\x04PING") else b""


def _property(name, value):
    return bytes((len(name),)) + name + struct.pack(">I", len(value)) + value


def _read(connection, length):
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise Refused("the engine closed the connection: it expects no worker of this identity")
        data += piece
    return bytes(data)
