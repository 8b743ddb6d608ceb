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
    try:
        made = make_language(language, load(path))
    except BaseException as error:
        sys.stderr.write(stack_of(error))
        sys.stderr.flush()
        sys.stdout.flush()
        # Threads that the code started must not keep it.
        os._exit(1)
    progress = os.environ.get("COCAINE_PROGRESS")
    mark = open_mark(progress) if progress else bytearray(4)
    link.send(protocol.hello(os.getpid(), language, f"python/{__version__}", bool(progress), made.names))
    link.flush()
    pulse.beat()
    Worker(link, pulse, mark, made).run()
    link.close()
