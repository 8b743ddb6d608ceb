"""From what a function answers with to bytes."""

_TEXT_AND_BYTES = (bytes, str, bytearray, memoryview, dict, type(None))


class Plain:
    """Requests and responses as they are: language `python`."""

    # A function that takes the job reads a request that comes in pieces by itself.
    streams = True

    def request(self, data):
        return data

    def chunk(self, value):
        if type(value) is bytes:
            return value
        if isinstance(value, str):
            return value.encode()
        if value is None:
            return b""
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        raise TypeError(
            f"a response is bytes, str, None or an iterable of those, not {type(value).__name__};"
            " the language python+json sends JSON values"
        )

    def is_stream(self, value):
        return not isinstance(value, _TEXT_AND_BYTES) and hasattr(value, "__iter__")
