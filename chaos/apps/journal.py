"""Says which messages it began to work on, in a file that outlives it, and takes up to 10 ms for each."""

import os
import random
import time

journal = os.open(os.environ["JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def event(request):
    os.write(journal, request + b"\n")
    # A kill shall hit messages that have begun.
    time.sleep(random.random() * 0.01)
    return request
