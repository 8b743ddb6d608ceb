"""The functions of the app's code that can be called by their names."""

from types import BuiltinFunctionType, FunctionType

_VARIABLE = 0x04
_ASYNC = 0x80 | 0x200


class Method:
    """A callable, and how it wants to be called."""

    __slots__ = ("function", "name", "simple", "is_async", "_takes_job")

    def __init__(self, name, function):
        self.name = name
        self.function = function
        self._takes_job = None
        self.is_async = _is_async(function)
        # A plain function of the request alone.
        self.simple = _is_plain(function) and not self.takes_job

    @property
    def takes_job(self):
        """Whether it can be called with two positional arguments."""
        if self._takes_job is None:
            self._takes_job = _takes_two(self.function)
        return self._takes_job


def methods_of(module):
    """The public callables of a module, by the bytes of their names."""
    return {name.encode(): Method(name, value) for name, value in vars(module).items() if _public(name, value)}


def own_names(module, methods):
    """The names of those that the app wrote itself: what it imported may be called, but is not shown."""
    package = _package(module.__name__)
    return sorted(method.name for method in methods.values() if not _is_imported(method.function, package))


# A module may hold anything, also proxies that cannot be looked at before they are used: only their type is.


def _public(name, value):
    return not name.startswith("_") and callable(value) and not issubclass(type(value), type)


def _is_imported(value, package):
    return type(value) in (FunctionType, BuiltinFunctionType) and _package(value.__module__ or "") != package


def _is_plain(value):
    return type(value) is FunctionType and not value.__code__.co_flags & _ASYNC


def _is_async(value):
    """Whether calling it does nothing yet; also an object with such a `__call__`."""
    code = getattr(value if type(value) is FunctionType else type(value).__call__, "__code__", None)
    return code is not None and bool(code.co_flags & _ASYNC)


def _takes_two(function):
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        code = function.__code__
        return code.co_argcount >= 2 or bool(code.co_flags & _VARIABLE)
    # Rare, and slow to import.
    import inspect

    try:
        inspect.signature(function).bind(b"", None)
    except (TypeError, ValueError):
        return False
    return True


def _package(module):
    return module.partition(".")[0]
