"""The environ of a request (PEP 3333, "environ Variables")."""

import io
import sys
from urllib.parse import unquote_to_bytes

from . import __version__
from .body import open_body
from .files import FileWrapper

# Names of headers that are remembered; a client may make up any number of them.
KNOWN_LIMIT = 1000


class Environ:
    """Makes environs; keeps what is the same for all, and how headers are called in them."""

    def __init__(self, threads):
        self._keys = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
        self._base = {
            "SCRIPT_NAME": "",
            "SERVER_SOFTWARE": f"cocaine-python/{__version__}",
            "wsgi.version": (1, 0),
            "wsgi.multithread": threads,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": FileWrapper,
            # The input ends where the body does, whether or not there is a CONTENT_LENGTH.
            "wsgi.input_terminated": True,
        }

    def of(self, job):
        http = job.metadata["http"]
        environ = self._base.copy()
        environ["wsgi.errors"] = sys.stderr
        environ["REQUEST_METHOD"] = http["method"]
        environ["SERVER_PROTOCOL"] = "HTTP/" + http.get("httpVersion", "1.1")
        environ["cocaine.job"] = job
        _add_url(environ, http["url"], http.get("path"))
        self._add_headers(environ, http["headers"])
        _add_addresses(environ, http)
        if job.whole:
            environ["wsgi.input"] = io.BytesIO(job.chunk)
            if job.chunk:
                # The length of a body that came in pieces is known by now.
                environ.setdefault("CONTENT_LENGTH", str(len(job.chunk)))
        else:
            environ["wsgi.input"] = open_body(job.stream)
        return environ

    def _add_headers(self, environ, headers):
        keys = self._keys
        for name, value in headers:
            key = keys.get(name)
            if key is None:
                key = self._key_of(name)
            if key not in environ:
                environ[key] = value
            elif key:
                environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
        environ.pop("", None)

    def _key_of(self, name):
        """The variable of a header. None for one with an underscore, which could pass for another's with a hyphen."""
        lower = name.lower()
        key = self._keys.get(lower) or ("" if "_" in name else "HTTP_" + lower.upper().replace("-", "_"))
        if len(self._keys) < KNOWN_LIMIT:
            self._keys[name] = key
        return key


def _add_url(environ, url, prefix):
    environ["REQUEST_URI"] = url
    if not url.startswith("/") and "://" in url:
        # What is said to a proxy has scheme and host in front.
        url = "/" + url.partition("://")[2].partition("/")[2]
    path, _, environ["QUERY_STRING"] = url.partition("?")
    if "%" in path or not path.isascii():
        path = unquote_to_bytes(_wire(path)).decode("latin-1")
    prefix = prefix.rstrip("/") if isinstance(prefix, str) else ""
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        environ["SCRIPT_NAME"] = prefix
        path = path[len(prefix) :]
    environ["PATH_INFO"] = path


def _wire(text):
    """The bytes of a native string, which has a character for each."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _add_addresses(environ, http):
    tls = bool(http.get("tls"))
    environ["wsgi.url_scheme"] = "https" if tls else "http"
    if tls:
        environ["HTTPS"] = "on"
    remote = http.get("remote")
    if remote:
        environ["REMOTE_ADDR"] = remote["address"]
        environ["REMOTE_PORT"] = str(remote["port"])
    local = http.get("local")
    if local:
        environ["SERVER_NAME"] = local["address"]
        environ["SERVER_PORT"] = str(local["port"])
    else:
        host, port = _split_host(environ.get("HTTP_HOST", ""))
        environ["SERVER_NAME"] = host or "localhost"
        environ["SERVER_PORT"] = port or ("443" if tls else "80")


def _split_host(host):
    """Name and port of a Host header; an IPv6 address is in brackets."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")
