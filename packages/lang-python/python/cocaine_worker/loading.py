"""Imports the app's code."""

import importlib
import importlib.util
import os
import re
import sys


def load(path):
    """Imports a file: as the module or package that it is, with the folder on top of its packages in `sys.path`."""
    folder, file = os.path.split(os.path.abspath(path))
    names = [] if file == "__init__.py" else [os.path.splitext(file)[0]]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    sys.path.insert(0, folder)
    if len(names) > 1 and names[0] not in sys.modules and all(map(str.isidentifier, names)):
        return importlib.import_module(".".join(names))
    return _load_alone(path, names[-1], file == "__init__.py")


def _load_alone(path, name, package):
    """Imports by path: the name may be no identifier, or that of a module that is loaded already."""
    name = re.sub(r"\W", "_", name)
    if name in sys.modules:
        name = f"cocaine_app_{name}"
    search = [os.path.dirname(path)] if package else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
