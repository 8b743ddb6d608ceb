"""The progress mark: the number of the last job that began, in a file that outlives this process."""

import mmap


def open_mark(path):
    """Maps the progress file; its first four bytes are the mark."""
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), 8)
