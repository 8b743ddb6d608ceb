"""Frames of the worker protocol, version 1 (docs/worker-protocol.md), as they go over ZMTP."""

from .zmtp import MORE, frame

INVOKE, TERMINATE, WRITE, CANCEL, CREDIT = 1, 2, 3, 4, 5
CHUNK, CHOKE, RETIRE, HEARTBEAT, HELLO, ERROR, LOG = 10, 11, 12, 13, 14, 15, 16

END = 1
VERSION = 1
# Bytes that each direction of a job may send before it needs CREDIT.
WINDOW = 262_144
# The largest frame.
FRAME_LIMIT = 1_048_576

NO_JOB = b"\0\0\0\0"


def opening(code, flags=0, last=False):
    """The start of a message up to the job's number, which is handled as the four bytes that it is on the wire."""
    return bytes((0 if last else MORE, 8, code, flags, 0, 0))


CHUNK_OPENING = opening(CHUNK)
LAST_CHUNK_OPENING = opening(CHUNK, END)
CHOKE_OPENING = opening(CHOKE, END, last=True)
CREDIT_OPENING = opening(CREDIT)
HEARTBEAT_MESSAGE = opening(HEARTBEAT, last=True) + NO_JOB
# The header of a short last frame, by the frame's length.
SHORT = tuple(bytes((0, length)) for length in range(256))


def message(code, number, *frames):
    """A message with frames after its header. `number` is the job's, as bytes."""
    parts = [opening(code, END if code == ERROR else 0), number]
    for position, body in enumerate(frames, 1):
        parts += (frame(len(body), 0 if position == len(frames) else MORE), body)
    return b"".join(parts)


def hello(pid, language, kit, progress, methods):
    """HELLO. Nothing in it needs escaping, so that a worker starts without the module json."""
    names = ",".join(f'"{name}"' for name in methods if name.isidentifier())
    text = (
        f'{{"protocol":{VERSION},"pid":{pid},"language":"{language}","kit":"{kit}",'
        f'"progress":{"true" if progress else "false"},"methods":[{names}]}}'
    )
    return message(HELLO, NO_JOB, text.encode())
