"""Imports the app's code."""

import os
import sys


def load(path):
    """Imports a file: as the module or package that it is, with the folder on top of its packages in `sys.path`."""
    folder, file = os.path.split(os.path.abspath(path))
    names = [] if file == "__init__.py" else [os.path.splitext(file)[0]]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    sys.path.insert(0, folder)
    if all(map(str.isidentifier, names)) and _is_first(folder, names[0], len(names) > 1 or file == "__init__.py"):
        __import__(".".join(names))
        return sys.modules[".".join(names)]
    return _load_alone(path, names[-1], file == "__init__.py")


def _is_first(folder, name, package):
    """Whether `import` finds what lies in the folder by that name."""
    if name in sys.modules or name in sys.builtin_module_names:
        return False
    return package or not os.path.isfile(os.path.join(folder, name, "__init__.py"))


def _load_alone(path, name, package):
    """Imports by path: the name is no identifier, or another module's."""
    # Slow to import, and seldom needed.
    import importlib.util
    import re

    name = re.sub(r"\W", "_", name)
    if name in sys.modules or name in sys.builtin_module_names:
        name = f"cocaine_app_{name}"
    search = [os.path.dirname(path)] if package else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
