"""Runs functions of the app's code: all of a language but web tasks."""

from .errors import Cancelled, NoSuchMethod


class Functions:
    """A language whose methods are functions.

    :param form: how requests and responses are written, see `chunks`.
    """

    def __init__(self, methods, names, form):
        self._methods = methods
        self.names = names
        self._form = form
        # What may be called with the bytes of a request, without more ado.
        self.simple = {name: method.function for name, method in methods.items() if form.streams and method.simple}

    def run(self, job):
        method = self._methods.get(job.name)
        if method is None:
            raise NoSuchMethod(f"the code has no function {job.method!r}; it has: {', '.join(self.names) or 'none'}")
        if not method.takes_job:
            answer = method.function(self._form.request(job.request()))
        elif job.whole or not self._form.streams:
            answer = method.function(self._form.request(job.request()), job)
        else:
            answer = method.function(None, job)
        self.answer(job, answer)

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
