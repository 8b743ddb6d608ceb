"""What a job needs of a worker that runs several at once: on its event loop, or in a thread of its own."""

import asyncio
import threading


class Lane:
    """Of one job. Its methods say for themselves where they may be called."""

    def __init__(self, worker):
        self._worker = worker
        self._waiters = []
        self._came = threading.Event()
        self.is_ended = False

    # --- anywhere ---

    def send(self, *parts):
        self._worker.send(parts)

    def finish(self, *parts):
        """Sends the message that ends the job."""
        self.is_ended = True
        self._worker.send(parts)

    def flush(self):
        """The event loop sends what waits, each time round."""

    def glance(self):
        """The event loop looks what has come."""

    def look(self):
        """The same."""

    @property
    def loop(self):
        return self

    # --- in a thread ---

    def wait(self):
        """Waits for something to come for this job."""
        if self._worker.is_here():
            raise RuntimeError("asynchronous code reads its request with `async for chunk in job.stream`")
        self._came.wait()
        self._came.clear()

    def complete(self, job, awaitable):
        """Runs an awaitable on the event loop to its end."""
        future = asyncio.run_coroutine_threadsafe(_outcome(awaitable), self._worker.loop)
        job.on_cancel = future.cancel
        if job.is_cancelled:
            future.cancel()
        try:
            return future.result()
        except asyncio.CancelledError:
            job.check()
            raise
        finally:
            job.on_cancel = None

    def iterate(self, job, source):
        """The chunks of an asynchronous generator."""
        iterator = source.__aiter__()
        try:
            while True:
                try:
                    yield self.complete(job, _next(iterator))
                except _Ended:
                    return
        finally:
            if hasattr(iterator, "aclose"):
                asyncio.run_coroutine_threadsafe(_outcome(iterator.aclose()), self._worker.loop).result()

    # --- on the event loop ---

    async def readable(self):
        """Waits for something to come for this job."""
        waiter = self._worker.loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def notify(self):
        """Something has come."""
        self._came.set()
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class _Ended(Exception):
    """A generator's end; StopAsyncIteration cannot leave a coroutine."""


async def _next(iterator):
    try:
        return await iterator.__anext__()
    except StopAsyncIteration:
        raise _Ended from None


async def _outcome(awaitable):
    return await awaitable
