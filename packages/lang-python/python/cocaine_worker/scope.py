"""The scope of a request (ASGI 3.0, HTTP connection scope)."""

from urllib.parse import unquote

VERSIONS = {"version": "3.0", "spec_version": "2.4"}


def scope_of(job, state):
    """:param state: what the application kept of its start, or `None` if it has no lifespan."""
    http = job.metadata["http"]
    scope = _scope(job, state, http, "http")
    scope["method"] = http["method"].upper()
    scope["extensions"] = {"http.response.trailers": {}}
    return scope


def websocket_scope_of(job, state):
    """The scope of a WebSocket (ASGI 3.0, WebSocket connection scope)."""
    websocket = job.metadata["websocket"]
    scope = _scope(job, state, websocket, "ws")
    scope["type"] = "websocket"
    scope["subprotocols"] = websocket["protocols"]
    scope["extensions"] = {"websocket.http.response": {}}
    return scope


def _scope(job, state, http, scheme):
    url = http["url"]
    if not url.startswith("/") and "://" in url:
        # What is said to a proxy has scheme and host in front.
        url = "/" + url.partition("://")[2].partition("/")[2]
    path, _, query = url.partition("?")
    decoded = unquote(path)
    root = (http.get("path") or "").rstrip("/")
    scope = {
        "type": "http",
        "asgi": VERSIONS,
        "http_version": http.get("httpVersion", "1.1"),
        "scheme": scheme + "s" if http.get("tls") else scheme,
        "path": decoded,
        "raw_path": _wire(path),
        "query_string": _wire(query),
        "root_path": root if decoded == root or decoded.startswith(root + "/") else "",
        "headers": [(_wire(name.lower()), _wire(value)) for name, value in http["headers"]],
        "client": _address(http.get("remote")),
        "server": _address(http.get("local")),
        "cocaine.job": job,
    }
    if state is not None:
        scope["state"] = state.copy()
    return scope


def _wire(text):
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _address(end):
    return (end["address"], end["port"]) if end else None
