"""The language `python+wsgi`: web tasks run a WSGI callable, the others plain functions."""

from .chunks import Plain
from .environ import Environ
from .functions import Functions
from .head import Known
from .methods import own_names
from .wsgi import serve

NAMES = ("application", "app")


def make_web(module, methods, concurrency):
    application = callable_of(module, methods, "WSGI callable: python+wsgi")
    return Web(application, methods, own_names(module, methods), concurrency > 1)


def callable_of(module, methods, what):
    """The application of a module, which is none of its functions any more."""
    for name in NAMES:
        application = getattr(module, name, None)
        if callable(application):
            methods.pop(name.encode(), None)
            return application
    raise AttributeError(
        f"{module.__file__} has no {what} looks for {' or '.join(NAMES)} at the top of the module"
    )


class Web(Functions):
    def __init__(self, application, methods, names, threads):
        super().__init__(methods, names, Plain())
        # Any task may be a web task, which its metadata alone says.
        self.simple = {}
        self._application = application
        self._environ = Environ(threads)
        self._known = Known()

    def is_async(self, job):
        return not job.describes("http") and super().is_async(job)

    def run(self, job):
        if job.describes("http"):
            serve(self._application, self._environ.of(job), job.response, self._known)
        else:
            super().run(job)
