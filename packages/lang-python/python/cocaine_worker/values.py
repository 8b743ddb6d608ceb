"""From JSON to what a function is given, and back."""

import json


class Json:
    """Requests and responses are JSON values: language `python+json`."""

    streams = False

    def __init__(self):
        self._encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

    def request(self, data):
        return json.loads(data) if data else None

    def chunk(self, value):
        return self._encode(value).encode()

    def is_stream(self, value):
        return hasattr(value, "__next__")
