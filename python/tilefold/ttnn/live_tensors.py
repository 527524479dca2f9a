"""Which tensors are alive, for those who ask."""

import gc
import threading
import weakref


class LiveTensors:
    """Finds the living instances of one class.

    Nothing is noted before the first question, which walks over all that Python's garbage collector knows. From then on
    whoever makes an instance calls `add` while `watched` is true, so that later questions look at instances only.
    """

    def __init__(self):
        self.watched = False
        self._references = []
        self._limit = 4096
        self._lock = threading.Lock()

    def add(self, tensor):
        """Notes a new instance."""
        self._references.append(weakref.ref(tensor))
        # Somebody who holds the lock (perhaps this thread, when a finalizer makes a tensor) forgets the dead anyway.
        if len(self._references) > self._limit and self._lock.acquire(blocking=False):
            try:
                self._forget_the_dead()
            finally:
                self._lock.release()

    def all(self, cls):
        """The living instances of `cls`."""
        with self._lock:
            if not self.watched:
                self.watched = True  # first, so that no instance is missed that another thread makes meanwhile
                self._references += [weakref.ref(found) for found in gc.get_objects() if type(found) is cls]
            self._forget_the_dead()
            found = [reference() for reference in self._references[:]]
        # An instance that was made while the walk went on is there twice.
        return list({id(tensor): tensor for tensor in found if tensor is not None}.values())

    def _forget_the_dead(self):
        # Other threads append meanwhile: only what is copied here is replaced.
        known = self._references[:]
        self._references[: len(known)] = [reference for reference in known if reference() is not None]
        self._limit = max(4096, 2 * len(self._references))


live_tensors = LiveTensors()
