"""A thread for what must not wait for app code: heartbeats, answers that are held back, the end of the engine."""

import os
import select
import time

from .light import start_new_thread
from .protocol import HEARTBEAT_MESSAGE

# Seconds that an answer may be held back while app code runs.
TICK = 0.001
# Ticks without anything to send after which the thread goes to sleep.
IDLE_TICKS = 20

# The system tells of POLLHUP and POLLERR in any case.
_GONE = getattr(select, "POLLRDHUP", 0)


class Pulse:
    """Sleeps between heartbeats; while answers are held back under load, it ticks.

    `awake` is read by the main thread for every job, so that waking costs nothing while it ticks anyway.
    """

    def __init__(self, link, interval):
        self.awake = False
        self._link = link
        self._interval = interval
        self._beating = False
        self._reader, self._writer = os.pipe()
        self._poll = select.poll()
        self._poll.register(link.fileno(), _GONE)
        self._poll.register(self._reader, select.POLLIN)

    def start(self):
        start_new_thread(self._run, ())

    def beat(self):
        """From now on the engine is told that this process lives."""
        self._beating = True

    def wake(self):
        """To be called when app code is about to run while answers wait, and the thread is not awake."""
        self.awake = True
        os.write(self._writer, b"\0")

    def _run(self):
        link = self._link
        due = time.monotonic() + self._interval
        idle = 0
        while True:
            self._wait(TICK if self.awake else due - time.monotonic())
            if link.leaving:
                return
            now = time.monotonic()
            if now >= due:
                due = now + self._interval
                if self._beating:
                    link.try_flush(HEARTBEAT_MESSAGE)
            if not self.awake:
                continue
            if link.out:
                idle = 0
                link.try_flush()
            else:
                idle += 1
            if idle == IDLE_TICKS:
                idle = 0
                self.awake = False
                # The main thread may have relied on it a moment ago.
                self.awake = bool(link.out)

    def _wait(self, seconds):
        for fd, _ in self._poll.poll(max(0, seconds * 1000)):
            if fd == self._reader:
                os.read(fd, 64)
            else:
                self._link.gone()
