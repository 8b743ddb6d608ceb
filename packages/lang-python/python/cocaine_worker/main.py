"""Starts a worker; its environment is that of docs/worker-protocol.md."""

import os
import sys

from . import __version__, protocol, zmtp
from .errors import stack_of
from .languages import make_language
from .link import Link
from .loading import load
from .progress import open_mark
from .pulse import Pulse
from .worker import Worker


def main(language=None, path=None):
    if path is None or "COCAINE_ENDPOINT" not in os.environ or "COCAINE_IDENTITY" not in os.environ:
        sys.exit("this program is started by Cocaine: COCAINE_ENDPOINT, COCAINE_IDENTITY, a language and a file needed")
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    link = Link(zmtp.connect(os.environ["COCAINE_ENDPOINT"], os.environ["COCAINE_IDENTITY"]))
    pulse = Pulse(link, float(os.environ.get("COCAINE_HEARTBEAT", "60")) / 3)
    # From the start: code that never ends to load must not outlive its engine.
    pulse.start()
    concurrency = int(os.environ.get("COCAINE_CONCURRENCY", "1"))
    try:
        made = make_language(language, load(path), concurrency)
        several = _concurrent(link, made, concurrency) if concurrency > 1 or made.concurrent else None
    except BaseException as error:
        sys.stderr.write(stack_of(error))
        sys.stderr.flush()
        sys.stdout.flush()
        # Threads that the code started must not keep it.
        os._exit(1)
    progress = several is None and os.environ.get("COCAINE_PROGRESS")
    link.send(protocol.hello(os.getpid(), language, f"python/{__version__}", bool(progress), made.names))
    link.flush()
    pulse.beat()
    worker = several or Worker(link, pulse, open_mark(progress) if progress else bytearray(4), made)
    worker.run()
    link.close()


def _concurrent(link, language, concurrency):
    """A worker of several jobs, once its app is ready."""
    # Slow to import, and most workers run one job at a time.
    from .concurrent import ConcurrentWorker

    worker = ConcurrentWorker(link, language, concurrency)
    worker.start()
    return worker
