"""Where the time of compiled programs goes: `tilefold.profile`.

    with tilefold.profile() as report:
        model(features)
    print(report)                                # table of steps and of layers
    report.save_chrome_trace("trace.json")       # for chrome://tracing and Perfetto

A step is one launch of a program: a fused region ("chain: gemm matmul silu | gemm matmul"), an attention, a loop, a
copy. Its name starts with the name of the layer it belongs to.
"""

import json
import os
import threading
from dataclasses import dataclass

from tilefold import _native, errors

_active = threading.Lock()
_peaks = {}


@dataclass(frozen=True)
class Step:
    """Totals of one step, or of all steps of a layer or kind."""

    name: str
    calls: int
    seconds: float
    flops: float
    bytes: float

    @property
    def layer(self):
        """Name of the layer, empty outside of every layer."""
        return self.name.rpartition("/")[0]

    @property
    def region(self):
        """The step's name without its layer."""
        return self.name.rpartition("/")[2]


def measured_peaks():
    """The machine's measured peaks for the present number of threads; measured once per number."""
    threads = _native.num_threads()
    if threads not in _peaks:
        _peaks[threads] = _native.measure_peaks(threads)
    return _peaks[threads]


def total(name, steps):
    """The sum of several steps under a new name."""
    return Step(
        name,
        sum(step.calls for step in steps),
        sum(step.seconds for step in steps),
        sum(step.flops for step in steps),
        sum(step.bytes for step in steps),
    )


class ProfileReport:
    """What ran inside of a `tilefold.profile()` block; complete when the block has ended."""

    def __init__(self):
        self._steps = None
        self._trace = None
        self._peaks = None

    def _finish(self, rows, trace, peaks):
        self._steps = [Step(**row) for row in rows]
        self._trace = trace
        self._peaks = peaks

    def _complete(self, value):
        if value is None:
            raise errors.ValueError("the report is complete when its profile() block has ended")
        return value

    @property
    def steps(self):
        """All steps, longest time first."""
        return list(self._complete(self._steps))

    @property
    def peak_flops(self):
        """Measured FLOP/s of the fastest unit, which shares refer to."""
        peaks = self._complete(self._peaks)
        return max(peaks["fma_flops"], peaks["bf16_flops"])

    def _grouped(self, key):
        groups = {}
        for step in self.steps:
            groups.setdefault(key(step), []).append(step)
        return sorted((total(name, steps) for name, steps in groups.items()), key=lambda step: -step.seconds)

    def by_layer(self):
        """Totals by layer name, longest time first."""
        return self._grouped(lambda step: step.layer)

    def by_region(self):
        """Totals by region over all layers, longest time first."""
        return self._grouped(lambda step: step.region)

    @property
    def total(self):
        """The sum of everything."""
        return total("total", self.steps)

    def share_of_peak(self, step):
        """FLOP/s of a step over the measured peak, 0 to 1."""
        return step.flops / step.seconds / self.peak_flops if step.seconds > 0 else 0.0

    def table(self, steps=None, rows=40, width=100):
        """A table of these steps (all, if not given), longest first; names are cut to `width` characters."""
        steps = self.steps if steps is None else list(steps)
        whole = max(self.total.seconds, 1e-12)
        lines = [f"{'calls':>8} {'seconds':>10} {'share':>6} {'GFLOP/s':>9} {'of peak':>8} {'GB/s':>7}  name"]
        for step in [*steps[:rows], self.total]:
            seconds = max(step.seconds, 1e-12)
            name = step.name or "(no layer)"
            name = name if len(name) <= width else name[: width - 3] + "..."
            lines.append(
                f"{step.calls:>8} {step.seconds:>10.4f} {100 * step.seconds / whole:>5.1f}% "
                f"{step.flops / seconds / 1e9:>9.1f} {100 * self.share_of_peak(step):>7.1f}% "
                f"{step.bytes / seconds / 1e9:>7.1f}  {name}"
            )
        if len(steps) > rows:
            lines.insert(-1, f"{'':>8} ... {len(steps) - rows} more")
        return "\n".join(lines)

    def __str__(self):
        peak = f"peak {self.peak_flops / 1e9:.0f} GFLOP/s"
        heading = f"{peak} with {self._peaks['threads']} threads ({_native.active_isa()})"
        return f"{heading}\n\nby layer\n{self.table(self.by_layer())}\n\nby step\n{self.table()}"

    def chrome_trace(self):
        """Every run of a step in Chrome's trace format, as a dict. Raises ValueError without `events`."""
        self._complete(self._steps)
        if self._trace is None:
            raise errors.ValueError("single runs were not kept; use profile(events=True)")
        return json.loads(self._trace)

    def save_chrome_trace(self, path):
        """Writes the trace as JSON, under a temporary name first. Raises IoError for a path that cannot be written."""
        self.chrome_trace()
        temporary = f"{os.fspath(path)}.{os.getpid()}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                file.write(self._trace)
            os.replace(temporary, path)
        except OSError as error:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise errors.IoError(f"cannot write the trace {os.fspath(path)}: {error.strerror}") from error


class profile:  # noqa: N801 - used like a function
    """Context manager that records what compiled programs do in this process, in any thread.

    `events` keeps every single run (up to a million) for the Chrome trace. One block can be active at a time; a second
    one raises ValueError. Costs two clock reads per step.
    """

    def __init__(self, events=True):
        self._events = events
        self._report = None

    def __enter__(self):
        if not _active.acquire(blocking=False):
            raise errors.ValueError("another profile() block is active")
        self._report = ProfileReport()
        try:
            self._peaks = measured_peaks()
            _native.profiler_clear()
            _native.profiler_enable(True, self._events)
        except BaseException:
            _active.release()
            raise
        return self._report

    def __exit__(self, *error):
        _native.profiler_enable(False)
        trace = _native.profiler_chrome_trace() if self._events else None
        self._report._finish(_native.profiler_totals(), trace, self._peaks)
        _active.release()
        return False
