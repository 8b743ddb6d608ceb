"""The languages of this kit, by the name that a manifest's `type` says."""

from .methods import methods_of, own_names


def make_language(name, module, concurrency):
    methods = methods_of(module)
    # Each language has its own modules, and a worker needs one.
    if name == "python+wsgi":
        from .web import make_web

        return make_web(module, methods, concurrency)
    if name == "python+asgi":
        from .asyncweb import make_async_web

        return make_async_web(module, methods)
    from .functions import Functions

    if name == "python+json":
        from .values import Json as Form
    else:
        from .chunks import Plain as Form
    return Functions(methods, own_names(module, methods), Form())
