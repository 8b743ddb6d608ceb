"""Runs several jobs at once: asynchronous code on one event loop, the rest in threads."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from . import protocol
from .errors import failure, stack_of
from .job import Job
from .lane import Lane


class ConcurrentWorker:
    """The event loop of the main thread, and the jobs on it and beside it."""

    def __init__(self, link, language, concurrency):
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self._link = link
        self._language = language
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="job")
        self._here = threading.get_ident()
        # By number, until their last message.
        self._jobs = {}
        # Code that runs, perhaps longer than its job.
        self._running = set()
        self._flushing = False
        self._terminating = False
        self._ended = self.loop.create_future()

    def start(self):
        """Lets the app make itself ready."""
        self.loop.run_until_complete(self._language.startup())

    def run(self):
        """Until TERMINATE, when all code that was begun before it has ended."""
        self.loop.add_reader(self._link.fileno(), self._look)
        self.loop.run_until_complete(self._ended)
        self.loop.run_until_complete(self._language.shutdown())
        self._threads.shutdown()
        self._flush()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    # --- what a job's lane needs ---

    def is_here(self):
        """Whether the caller is on the event loop."""
        return threading.get_ident() == self._here

    def send(self, parts):
        if self.is_here():
            self._send(parts)
        else:
            self.loop.call_soon_threadsafe(self._send, parts)

    def _send(self, parts):
        self._link.send(*parts)
        if not self._flushing:
            self._flushing = True
            self.loop.call_soon(self._flush)

    def _flush(self):
        self._flushing = False
        self._link.flush()

    # --- one job ---

    def _begin(self, frames):
        job = Job(Lane(self), frames)
        self._jobs[job.number] = job
        is_async = self._language.is_async(job)
        task = self.loop.create_task(self._serve(job) if is_async else self._run_in_thread(job))
        if is_async:
            job.on_cancel = self._language.canceller(job, task)
        self._running.add(task)
        task.add_done_callback(self._done)

    async def _serve(self, job):
        try:
            await self._language.serve(job)
        except BaseException as error:
            self._fail(job, error)
        finally:
            self._forget(job)

    async def _run_in_thread(self, job):
        try:
            error = await self.loop.run_in_executor(self._threads, self._outcome, job)
            if error is not None:
                self._fail(job, error)
        finally:
            self._forget(job)

    def _outcome(self, job):
        # An exception such as StopIteration cannot be raised through a future.
        try:
            self._language.run(job)
        except BaseException as error:
            return error
        return None

    def _fail(self, job, error):
        if isinstance(error, asyncio.CancelledError) and job.is_cancelled:
            error = job.cancellation
        if job.runner.is_ended:
            # Nobody waits for the rest of it.
            sys.stderr.write(stack_of(error))
        else:
            self._send((protocol.message(protocol.ERROR, job.number, *failure(error)),))

    def _forget(self, job):
        if self._jobs.get(job.number) is job:
            del self._jobs[job.number]

    def _done(self, task):
        self._running.discard(task)
        self._end_if_over()

    def _end_if_over(self):
        if self._terminating and not self._running and not self._ended.done():
            self._ended.set_result(None)

    # --- what the engine says ---

    def _look(self):
        for frames in self._link.receive(block=False):
            self._take(frames[0][0], frames)

    def _take(self, code, frames):
        if code == protocol.INVOKE:
            self._begin(frames)
            return
        if code == protocol.TERMINATE:
            self._terminating = True
            self._end_if_over()
            return
        job = self._jobs.get(frames[0][4:])
        if job is None:
            return
        if code == protocol.WRITE:
            job.stream.push(frames[1] if len(frames) > 1 else b"", frames[0][1])
        elif code == protocol.CREDIT:
            job.response.credit(int.from_bytes(frames[1], "big"))
        elif code == protocol.CANCEL:
            job.cancel(frames[1].decode())
        job.runner.notify()
