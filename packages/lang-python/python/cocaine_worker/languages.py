"""The languages of this kit, by the name that a manifest's `type` says."""

from .chunks import Json, Plain
from .functions import Functions
from .methods import methods_of, own_names


def make_language(name, module):
    methods = methods_of(module)
    if name == "python+wsgi":
        from .web import make_web

        return make_web(module, methods)
    form = {"python": Plain, "python+json": Json}[name]()
    return Functions(methods, own_names(module, methods), form)
