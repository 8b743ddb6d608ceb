"""Runs the jobs that the engine sends, one at a time."""

from time import monotonic

from . import protocol
from .errors import Cancelled, failure
from .job import Job
from .light import deque
from .protocol import LAST_CHUNK_OPENING, SHORT
from .pulse import TICK


class Worker:
    """The main thread's loop, and what a running job needs of it."""

    def __init__(self, link, pulse, mark, language):
        self._link = link
        self._pulse = pulse
        self._mark = mark
        self._language = language
        # INVOKE messages of jobs that have not begun.
        self._ahead = deque()
        # The running job, and those ahead whose requests are still coming, by their numbers.
        self._jobs = {}
        self._loop = None
        self._looked = 0.0
        self._terminating = False

    def run(self):
        """Until TERMINATE, when the last job that was sent before it has ended."""
        while True:
            self._work()
            self._link.flush()
            if self._terminating:
                break
            self._dispatch(self._link.receive())
        if self._loop is not None:
            self._loop.close()

    def _work(self):
        # The hot path: everything that a plain job needs is here, in local names.
        ahead, mark, link, pulse = self._ahead, self._mark, self._link, self._pulse
        simple, out = self._language.simple.get, link.out
        since = monotonic()
        while ahead:
            frames = ahead.popleft()
            header = frames[0]
            number = header[4:]
            mark[0:4] = number
            if out and not pulse.awake:
                pulse.wake()
            function = simple(frames[1])
            if function is None or not header[1]:
                self._run(frames, number)
            else:
                try:
                    answer = function(frames[3] if len(frames) > 3 else b"")
                    if type(answer) is bytes and 0 < len(answer) < 256:
                        out += (LAST_CHUNK_OPENING, number, SHORT[len(answer)], answer)
                    else:
                        self._answer(frames, number, answer)
                except BaseException as error:
                    self._fail(number, error)
            now = monotonic()
            if now - since > TICK:
                link.flush()
                # A job that was sent ahead may have been cancelled meanwhile.
                self.look()
                since = now

    # --- what a running job needs ---

    def send(self, *parts):
        """Sends one message, within a tick."""
        self._link.send(*parts)
        if not self._pulse.awake:
            self._pulse.wake()

    def finish(self, *parts):
        """Sends the message that ends a job: it leaves before more app code runs, or that code's start sees to it."""
        self._link.send(*parts)

    def flush(self):
        self._link.flush()

    def wait(self):
        """Waits for something to come from the engine."""
        self._link.flush()
        self._dispatch(self._link.receive())

    def glance(self):
        """Looks, if it has not for a tick; for what is done often."""
        if monotonic() - self._looked > TICK:
            self.look()

    def look(self):
        """Takes what has come from the engine."""
        self._looked = monotonic()
        self._dispatch(self._link.receive(block=False))

    @property
    def loop(self):
        """The event loop of asynchronous code, one for all jobs; made when it is needed first."""
        if self._loop is None:
            from .loop import Loop

            self._loop = Loop(self._link.fileno(), self.look)
        return self._loop

    # --- one job ---

    def _run(self, frames, number):
        job = self._jobs.get(number) or Job(self, frames)
        self._jobs[number] = job
        try:
            self._language.run(job)
        except BaseException as error:
            self._fail(number, error)
        finally:
            del self._jobs[number]

    def _answer(self, frames, number, answer):
        """Sends whatever a plain function answered with."""
        job = self._jobs[number] = Job(self, frames)
        try:
            self._language.answer(job, answer)
        finally:
            del self._jobs[number]

    def _fail(self, number, error):
        self._link.send(protocol.message(protocol.ERROR, number, *failure(error)))

    # --- what the engine says ---

    def _dispatch(self, messages):
        for frames in messages:
            code = frames[0][0]
            if code == protocol.INVOKE:
                self._ahead.append(frames)
                if not frames[0][1]:
                    self._jobs[frames[0][4:]] = Job(self, frames)
            elif code == protocol.WRITE:
                job = self._jobs.get(frames[0][4:])
                if job is not None:
                    job.stream.push(frames[1] if len(frames) > 1 else b"", frames[0][1])
            elif code == protocol.CREDIT:
                job = self._jobs.get(frames[0][4:])
                if job is not None:
                    job.response.credit(int.from_bytes(frames[1], "big"))
            elif code == protocol.CANCEL:
                self._cancel(frames[0][4:], frames[1].decode())
            elif code == protocol.TERMINATE:
                self._terminating = True

    def _cancel(self, number, reason):
        for frames in self._ahead:
            if frames[0][4:] == number:
                self._ahead.remove(frames)
                self._jobs.pop(number, None)
                self._fail(number, Cancelled(reason))
                return
        job = self._jobs.get(number)
        if job is not None:
            job.cancel(reason)
