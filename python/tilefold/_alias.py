"""Second names of packages: `ttnn.types` is the module `tilefold.ttnn.types`, never a copy of it."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys


class _Loader(importlib.abc.Loader):
    """Loads a module by its real name and lets the import system have it under the other."""

    def __init__(self, real_name):
        self._real_name = real_name

    def create_module(self, spec):
        module = importlib.import_module(self._real_name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module):
        # The module ran under its real name; the import system has just put the other name's spec into it.
        module.__spec__ = self._spec


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, alias, real_name):
        self._prefix = alias + "."
        self._real_prefix = real_name + "."

    def find_spec(self, fullname, path=None, target=None):
        if not fullname.startswith(self._prefix):
            return None
        real_name = self._real_prefix + fullname[len(self._prefix) :]
        real = importlib.util.find_spec(real_name)
        if real is None:
            return None
        is_package = real.submodule_search_locations is not None
        return importlib.machinery.ModuleSpec(fullname, _Loader(real_name), is_package=is_package)


def alias_package(alias, package):
    """Makes `alias` and everything below it other names of `package` and its modules."""
    sys.meta_path.insert(0, _Finder(alias, package.__name__))
    sys.modules[alias] = package
