"""Runs the functions of a Python file for Cocaine, on pyzmq alone: `worker.py <file>`.

A function takes the whole request, and returns an iterable with the chunks of its response.
"""

import json
import os
import runpy
import struct
import sys
import time

import zmq

INVOKE, TERMINATE, WRITE, CANCEL, CREDIT = 1, 2, 3, 4, 5
CHUNK, CHOKE, HEARTBEAT, HELLO, ERROR = 10, 11, 13, 14, 15
END, WINDOW, FRAME = 1, 262_144, 1_048_576

methods = {name: value for name, value in runpy.run_path(sys.argv[1]).items() if callable(value)}
parent = os.getppid()
interval = float(os.environ["COCAINE_HEARTBEAT"]) / 3
due = 0.0
leaving = False
job = None  # The one that runs: number, method, parts of its request, and what may be said of it.

socket = zmq.Context().socket(zmq.DEALER)
socket.setsockopt(zmq.IDENTITY, os.environ["COCAINE_IDENTITY"].encode())
socket.connect(os.environ["COCAINE_ENDPOINT"])


def send(code, number=0, *frames, end=False):
    socket.send_multipart([struct.pack(">BBHI", code, END if end else 0, 0, number), *frames])


def receive():
    """Waits for a message, and notes what it says; nothing comes ahead of the one job that runs."""
    global due, job, leaving
    while not socket.poll(1000 * min(1, max(0, due - time.monotonic()))):
        if time.monotonic() >= due:
            send(HEARTBEAT)
            due = time.monotonic() + interval
        if os.getppid() != parent:
            sys.exit(1)  # The engine is gone: libzmq would wait for it.
    header, *frames = socket.recv_multipart()
    code, flags, _, number = struct.unpack(">BBHI", header)
    if code == INVOKE:
        job = {"number": number, "method": frames[0].decode(), "parts": [], "window": WINDOW, "cancelled": False}
        take(frames[2:], bool(flags & END))
    elif code == TERMINATE:
        leaving = True
    elif job is not None and number == job["number"]:
        if code == WRITE:
            take(frames, bool(flags & END))
        elif code == CREDIT:
            job["window"] += struct.unpack(">I", frames[0])[0]
        elif code == CANCEL:
            job["cancelled"] = True


def take(chunks, whole):
    job["parts"] += chunks
    job["whole"] = whole
    if chunks and not whole:  # What was taken may be sent again.
        send(CREDIT, job["number"], struct.pack(">I", len(chunks[0])))


def run():
    number = job["number"]
    try:
        while not job["whole"]:
            wait()
        if job["method"] not in methods:
            return send(ERROR, number, b"no-such-method", f"there is no {job['method']!r}".encode(), end=True)
        for chunk in methods[job["method"]](b"".join(job["parts"])):
            for start in range(0, len(chunk), FRAME):
                while job["window"] <= 0 or socket.poll(0):
                    wait()
                piece = chunk[start : start + FRAME]
                job["window"] -= len(piece)
                send(CHUNK, number, piece)
        send(CHOKE, number, end=True)
    except Exception as error:
        send(ERROR, number, type(error).__name__.encode(), str(error).encode(), end=True)


def wait():
    receive()
    if job["cancelled"]:
        raise InterruptedError("the job was cancelled")


send(HELLO, 0, json.dumps({"protocol": 1, "pid": os.getpid(), "language": "python", "kit": "pyzmq"}).encode())
while not leaving:
    receive()
    if job is not None:
        run()
        job = None
socket.close()
zmq.Context.instance().term()
