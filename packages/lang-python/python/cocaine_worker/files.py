"""The optional `wsgi.file_wrapper` of PEP 3333."""


class FileWrapper:
    """Iterates over a file by blocks."""

    def __init__(self, filelike, block_size=65_536):
        self._file = filelike
        self._size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self):
        return self

    def __next__(self):
        data = self._file.read(self._size)
        if not data:
            raise StopIteration
        return data
