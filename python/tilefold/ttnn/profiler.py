"""Device profiler calls, answered with what the engine's own profiler measured on this machine.

Measuring is on from the start when TT_METAL_DEVICE_PROFILER is set, and otherwise from the first ReadDeviceProfiler. The
engine measures steps of compiled programs and eager operations alike, whichever virtual device they ran for.
"""

import dataclasses
import json
import os
import threading

from tilefold import _native

DURATION = "DEVICE KERNEL DURATION [ns]"


@dataclasses.dataclass(frozen=True)
class AnalysisResult:
    """Start, end and length in nanoseconds."""

    start_timestamp: int
    end_timestamp: int
    duration: int


@dataclasses.dataclass(frozen=True)
class ProgramPerfData:
    """One run of a step: `program_analyses_results[DURATION].duration` is its time in nanoseconds."""

    name: str
    program_analyses_results: dict
    core_count: int
    num_available_cores: int


class _Readings:
    def __init__(self):
        self.lock = threading.Lock()
        self.enabled = False
        self.seen = 0
        self.everything = {}
        self.latest = {}


_readings = _Readings()


def enable():
    """Starts to measure, unless it was started already."""
    with _readings.lock:
        if not _readings.enabled:
            _native.profiler_enable(True, events=True)
            _readings.enabled = True


def _new_events():
    events = [event for event in json.loads(_native.profiler_chrome_trace())["traceEvents"] if event.get("ph") == "X"]
    # Somebody else cleared the profiler: everything in it is new.
    first = _readings.seen if _readings.seen <= len(events) else 0
    _readings.seen = len(events)
    return events[first:]


def _program(event, cores):
    start, duration = round(event["ts"] * 1000), round(event["dur"] * 1000)
    return ProgramPerfData(
        event["name"], {DURATION: AnalysisResult(start, start + duration, duration)}, _native.num_threads(), cores
    )


def ReadDeviceProfiler(device):
    """Collects what ran since the last call, for `device`. The first call turns measuring on."""
    enable()
    cores = device.core_grid.num_cores
    with _readings.lock:
        programs = [_program(event, cores) for event in _new_events()]
        _readings.latest = {device.id(): programs}
        _readings.everything.setdefault(device.id(), []).extend(programs)


def get_all_programs_perf_data():
    """{device id: [ProgramPerfData, ...]} of all calls of ReadDeviceProfiler."""
    with _readings.lock:
        return {device: list(programs) for device, programs in _readings.everything.items()}


def get_latest_programs_perf_data():
    """{device id: [ProgramPerfData, ...]} of the last call of ReadDeviceProfiler."""
    with _readings.lock:
        return {device: list(programs) for device, programs in _readings.latest.items()}


if os.environ.get("TT_METAL_DEVICE_PROFILER", "0") not in ("", "0"):
    enable()

__all__ = ["ReadDeviceProfiler", "get_all_programs_perf_data", "get_latest_programs_perf_data"]
