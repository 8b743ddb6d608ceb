"""Runs functions of the app's code: all of a language but web tasks."""

from .errors import Cancelled, NoSuchMethod


class Functions:
    """A language whose methods are functions.

    :param form: how requests and responses are written, see `chunks`.
    """

    # Whether its jobs run on the event loop even if they run one at a time.
    concurrent = False

    def __init__(self, methods, names, form):
        self._methods = methods
        self.names = names
        self._form = form
        # What may be called with the bytes of a request, without more ado.
        self.simple = {name: method.function for name, method in methods.items() if form.streams and method.simple}

    def run(self, job):
        method = self._find(job)
        if not method.takes_job:
            answer = method.function(self._form.request(job.request()))
        elif job.whole or not self._form.streams:
            answer = method.function(self._form.request(job.request()), job)
        else:
            answer = method.function(None, job)
        self.answer(job, answer)

    # --- where several run at once ---

    async def startup(self):
        """There is nothing to make ready but the module."""

    async def shutdown(self):
        """Nor to put away."""

    def is_async(self, job):
        """Whether `serve` runs it, on the event loop; `run` the others, in a thread."""
        method = self._methods.get(job.name)
        return method is None or method.is_async

    def canceller(self, _job, task):
        """What to call when nobody waits for a job that `serve` runs."""
        return task.cancel

    async def serve(self, job):
        method = self._find(job)
        if method.takes_job and not job.whole and self._form.streams:
            answer = method.function(None, job)
        else:
            request = self._form.request(job.chunk if job.whole else b"".join([chunk async for chunk in job.stream]))
            answer = method.function(request, job) if method.takes_job else method.function(request)
        if hasattr(answer, "__await__"):
            answer = await answer
        await self._give(job, answer)

    async def _give(self, job, answer):
        # Slow to import, and no worker of one job at a time needs it.
        from .outgoing import finish, send

        if hasattr(answer, "__aiter__"):
            try:
                async for chunk in answer:
                    await send(job, self._form.chunk(chunk))
            finally:
                if hasattr(answer, "aclose"):
                    await answer.aclose()
            await finish(job)
        elif self._form.is_stream(answer):
            try:
                for chunk in answer:
                    await send(job, self._form.chunk(chunk))
            finally:
                close(answer)
            await finish(job)
        else:
            await finish(job, self._form.chunk(answer))

    def _find(self, job):
        method = self._methods.get(job.name)
        if method is None:
            raise NoSuchMethod(f"the code has no function {job.method!r}; it has: {', '.join(self.names) or 'none'}")
        return method

    def answer(self, job, answer):
        """Sends what a function answered with."""
        if hasattr(answer, "__await__"):
            answer = job.runner.loop.complete(job, answer)
        if hasattr(answer, "__aiter__"):
            self._send_all(job, job.runner.loop.iterate(job, answer), answer)
        elif self._form.is_stream(answer):
            self._send_all(job, iter(answer), answer)
        else:
            job.response.end(self._form.chunk(answer))

    def _send_all(self, job, chunks, source):
        try:
            for chunk in chunks:
                job.response.write(self._form.chunk(chunk))
        except Cancelled as error:
            stop(chunks, error)
            raise
        finally:
            close(source)
        job.response.end()


def stop(chunks, error):
    """Raises an exception into a generator, where it stands."""
    if hasattr(chunks, "throw"):
        try:
            chunks.throw(error)
        except (Cancelled, StopIteration):
            return


def close(source):
    if hasattr(source, "close"):
        source.close()
