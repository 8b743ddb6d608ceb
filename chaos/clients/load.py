"""Sends numbered messages to an echo, so many in flight, until SIGTERM; then waits for the answers that are due.

    load.py endpoint window

Each failed answer is a line {"error": {number, at, after, code, message}}; the last line is {"summary": {…}}.
"""

import json
import signal
import sys
import time

import zmq

# Seconds without any answer after which those that are due count as lost.
PATIENCE = 20

endpoint, window = sys.argv[1], int(sys.argv[2])
stopping = False


def stop(*_):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)
socket = zmq.Context().socket(zmq.DEALER)
socket.setsockopt(zmq.LINGER, 0)
socket.setsockopt(zmq.RCVTIMEO, 200)
socket.setsockopt(zmq.SNDHWM, 0)
socket.setsockopt(zmq.RCVHWM, 0)
socket.connect(endpoint)

# When each message that has no answer yet was sent.
due = {}
sent = answered = failed = wrong = 0
heard = time.monotonic()

while due or not stopping:
    while not stopping and len(due) < window:
        number = b"%08d" % sent
        # The number stands in the envelope, which comes back with failures too.
        socket.send_multipart([number, b"", number])
        due[number] = time.monotonic()
        sent += 1
    try:
        number, _, *body = socket.recv_multipart()
    except zmq.Again:
        if time.monotonic() - heard > PATIENCE:
            break
        continue
    heard = time.monotonic()
    answered += 1
    since = due.pop(number, None)
    if since is None:
        wrong += 1
    if body == [number]:
        continue
    if len(body) == 2 and body[0] == b"":
        failed += 1
        after = None if since is None else heard - since
        error = {"number": int(number), "at": time.time(), "after": after, **json.loads(body[1])}
        print(json.dumps({"error": error}), flush=True)
    else:
        wrong += 1

summary = {"sent": sent, "answered": answered, "failed": failed, "wrong": wrong, "lost": len(due)}
print(json.dumps({"summary": summary}), flush=True)
