"""The counters of a device's program cache."""

import threading


class ProgramCache:
    """Which programs a device has seen: one key per distinct jitted program and per distinct eager operation with its
    attributes and operand specs. Data and addresses are never part of a key."""

    LIMIT = 1 << 16

    def __init__(self):
        self._keys = {}
        self._lock = threading.Lock()
        self.enabled = True
        self.misses_allowed = True

    def note(self, key):
        """Counts a program. Raises RuntimeError for a new one when misses are not allowed."""
        if key in self._keys or not self.enabled:
            return
        if not self.misses_allowed:
            raise RuntimeError(f"program cache miss while misses are not allowed: {key}")
        with self._lock:
            if len(self._keys) >= self.LIMIT:
                self._keys.pop(next(iter(self._keys)))
            self._keys[key] = True

    def clear(self):
        with self._lock:
            self._keys = {}

    def __len__(self):
        return len(self._keys)

    # An empty cache is a cache.
    def __bool__(self):
        return True
