"""A bounded, thread-safe map from complete keys to compiled programs."""

import itertools
import threading


class JitCache:
    """Least recently used entries go first. A key is made once: other threads that want it wait, other keys proceed.

    Look-ups take no lock. The object has no length, so that it is never false; `num_entries` counts.
    """

    def __init__(self, limit=256):
        if limit < 1:
            raise ValueError(f"a cache of compiled programs needs room for one entry, got a limit of {limit}")
        self.limit = limit
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        self._entries = {}
        self._making = {}
        self._lock = threading.Lock()
        self._clock = itertools.count(1)

    @property
    def num_entries(self):
        return len(self._entries)

    def get(self, key):
        """The entry of a key, or None."""
        slot = self._entries.get(key)
        if slot is None:
            return None
        slot[1] = next(self._clock)
        self.hits += 1
        return slot[0]

    def find_or_make(self, key, make):
        """The entry of a key; `make()` is called for a new one. Its exceptions reach the caller and leave no entry."""
        while True:
            with self._lock:
                slot = self._entries.get(key)
                if slot is not None:
                    slot[1] = next(self._clock)
                    self.hits += 1
                    return slot[0]
                pending = self._making.get(key)
                mine = pending is None
                if mine:
                    pending = self._making[key] = threading.Event()
                    self.misses += 1
            if mine:
                break
            pending.wait()
        try:
            entry = make()
            with self._lock:
                self._insert(key, entry)
            return entry
        finally:
            with self._lock:
                del self._making[key]
            pending.set()

    def move(self, old, new):
        """Gives an entry another key."""
        with self._lock:
            slot = self._entries.pop(old, None)
            if slot is not None:
                self._entries[new] = slot

    def clear(self):
        """Drops all entries; programs that run keep running."""
        with self._lock:
            self._entries = {}

    def _insert(self, key, entry):
        if len(self._entries) >= self.limit:
            oldest = min(self._entries, key=lambda known: self._entries[known][1])
            del self._entries[oldest]
            self.evictions += 1
        self._entries[key] = [entry, next(self._clock)]
