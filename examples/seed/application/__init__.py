"""The application of seed.yaml: a WSGI page, and a function for each of the other tasks."""

import hashlib
import html
import json
import os
import time
from urllib.parse import parse_qs

CHUNK = 64 * 1024

# What this worker has done. Each worker of the pool is a process of its own and counts for itself.
counts = {"events": 0, "files": 0, "pages": 0}


def event(request):
    """Task `event`, driven by server+zmq: answers with the message and its number."""
    counts["events"] += 1
    return json.dumps({"event": request.decode(errors="replace"), "number": counts["events"]}).encode()


def aggregate(request):
    """Task `aggregate`, driven by a timer: a JSON object goes to the feed, a message a field."""
    return json.dumps({**counts, "pid": os.getpid(), "load": os.getloadavg()[0]}).encode()


def spool(request, job):
    """Task `spool`, driven by a folder: tells the feed what came in."""
    counts["files"] += 1
    path = job.metadata["fs"]["path"]
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        for chunk in iter(lambda: file.read(CHUNK), b""):
            digest.update(chunk)
    return json.dumps({"file": path, "size": os.path.getsize(path), "sha256": digest.hexdigest()}).encode()


def application(environ, start_response):
    """Task `web`, driven by server+http: a page, uploads, and downloads of any size (PEP 3333)."""
    counts["pages"] += 1
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if path == "/upload" and method in ("POST", "PUT"):
        return upload(environ, start_response)
    if path == "/download" and method in ("GET", "HEAD"):
        return download(environ, start_response)
    if path == "/":
        return page(environ, start_response)
    return text(start_response, "404 Not Found", "There is no such page.\n")


def page(environ, start_response):
    rows = "".join(f"<li>{html.escape(name)}: {count}</li>" for name, count in counts.items())
    body = f"""<!doctype html>
<title>Cocaine</title>
<h1>Hello from Python</h1>
<p>Worker {os.getpid()}, {time.strftime("%X")}:</p>
<ul>{rows}</ul>
<p><a href="/download?size=1000000">A megabyte to download</a></p>
<form action="/upload" method="post" enctype="multipart/form-data"><input type="file" name="file"><button>Upload</button></form>
""".encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


def upload(environ, start_response):
    """Reads the body piece by piece, so that its size does not matter."""
    size, digest = 0, hashlib.sha256()
    for chunk in iter(lambda: environ["wsgi.input"].read(CHUNK), b""):
        size += len(chunk)
        digest.update(chunk)
    body = json.dumps({"size": size, "sha256": digest.hexdigest()}).encode() + b"\n"
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def download(environ, start_response):
    """Gives `?size=` bytes piece by piece."""
    wanted = parse_qs(environ["QUERY_STRING"]).get("size", ["1000000"])[0]
    if not wanted.isdecimal():
        return text(start_response, "400 Bad Request", "size is a number of bytes, as in /download?size=1000000\n")
    size = int(wanted)
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(size))])
    return pieces(size) if environ["REQUEST_METHOD"] == "GET" else []


def pieces(size):
    piece = bytes(range(256)) * (CHUNK // 256)
    for _ in range(size // CHUNK):
        yield piece
    yield piece[: size % CHUNK]


def text(start_response, status, message):
    body = message.encode()
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
