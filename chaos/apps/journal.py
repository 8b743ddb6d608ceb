"""Says which messages it began to work on, in a file that outlives it."""

import os

journal = os.open(os.environ["JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def event(request):
    os.write(journal, request + b"\n")
    return request
