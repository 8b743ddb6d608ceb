"""Exceptions of the kit, and how exceptions are told to the engine."""

import os

# The longest text of an error that is sent, in characters: far within a frame.
TEXT_LIMIT = 100_000

_KIT = os.path.dirname(os.path.abspath(__file__))


class Cancelled(BaseException):
    """Raised into a job that nobody waits for any more, where it reads its request or writes its response.

    Not an Exception: code that carries on after any of those must not carry on after this.
    """


class NoSuchMethod(Exception):
    """The app's code has no function of the task's name."""


class StartupFailed(Exception):
    """An application said that it cannot start."""


def name_of(error):
    """What ERROR calls an exception."""
    if isinstance(error, Cancelled):
        return "cancelled"
    if isinstance(error, NoSuchMethod):
        return "no-such-method"
    return type(error).__name__


def failure(error):
    """The frames of ERROR: type, message, JSON with the stack."""
    # Slow to import, and most workers never fail.
    import json

    details = json.dumps({"stack": clip(stack_of(error))}).encode()
    return text(name_of(error)), text(message_of(error)), details


def stack_of(error):
    """The traceback as the interpreter writes it, from the app's own first frame on."""
    import traceback

    trace = error.__traceback__
    while trace is not None and _is_foreign(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _is_foreign(file):
    return file.startswith("<frozen importlib") or os.path.dirname(file) == _KIT


def message_of(error):
    try:
        return str(error)
    except Exception as problem:
        return f"its message cannot be shown ({type(problem).__name__})"


def text(value):
    """A frame of text, whatever is in it."""
    return clip(value).encode("utf-8", "backslashreplace")


def clip(value):
    return value if len(value) <= TEXT_LIMIT else value[:TEXT_LIMIT] + "…"
