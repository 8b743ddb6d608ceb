"""The event loop for asynchronous code."""

import asyncio


class Loop:
    """Runs coroutines of one job at a time. What they leave running goes on whenever the loop does."""

    def __init__(self, fd, look):
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._readers = []
        self._look = look
        self._loop.add_reader(fd, self._came)

    def complete(self, job, awaitable):
        """Runs an awaitable to its end. A job that is cancelled meanwhile has its task cancelled at once."""
        task = self._loop.create_task(_outcome(awaitable))
        job.on_cancel = task.cancel
        if job.is_cancelled:
            task.cancel()
        try:
            return self._loop.run_until_complete(task)
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
                    chunk = self.complete(job, iterator.__anext__())
                except StopAsyncIteration:
                    return
                yield chunk
        finally:
            if hasattr(iterator, "aclose"):
                self._loop.run_until_complete(iterator.aclose())

    async def readable(self):
        """Waits until something came from the engine, and has been taken."""
        reader = self._loop.create_future()
        self._readers.append(reader)
        await reader

    def close(self):
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _came(self):
        self._look()
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(None)


async def _outcome(awaitable):
    return await awaitable
