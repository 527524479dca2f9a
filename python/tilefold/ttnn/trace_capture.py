"""Traces: operations recorded between begin_trace_capture and end_trace_capture, and run again on the same buffers.

Operations run while they are captured. A replay reads the operands' buffers as they are then, and copies results into the
buffers of the captured results, so tensors that were computed during the capture change in place. A trace keeps its buffers
until release_trace. Only engine operations and compiled programs are recorded; transfers between host and device are not.
"""

import itertools

from tilefold.ttnn.state import state

_ids = itertools.count()


class Capture:
    """What a thread records. `steps` are callables in order; `replacements` pairs of the first and the latest shards of
    tensors that were written in place."""

    def __init__(self, device, trace_id):
        self.device = device
        self.trace_id = trace_id
        self.steps = []
        self.replacements = []

    def record(self, handle, operands, results):
        """One engine operation on tuples of shards (one per device, or one for all; None for an absent operand)."""
        if results[0].is_traced:
            return
        for index, result in enumerate(results):
            arguments = [
                None if shards is None else shards[index if len(shards) > 1 else 0] for shards in operands
            ]
            self.steps.append(lambda arguments=arguments, result=result: result.overwrite(handle(*arguments)))

    def record_program(self, program, inputs, outputs):
        """One run of a compiled program (`run(list of engine tensors) -> list of engine tensors`)."""
        inputs, outputs = list(inputs), list(outputs)

        def step():
            for output, value in zip(outputs, program.run(inputs)):
                output.overwrite(value)

        self.steps.append(step)

    def record_replacement(self, before, after):
        """A tensor written in place: its handle goes from the shards `before` to `after`."""
        if after[0].is_traced:
            return
        for pair in self.replacements:
            if pair[1][0] is before[0]:
                pair[1] = after
                return
        self.replacements.append([before, after])

    def replay(self):
        """Runs everything once more."""
        # What was written in place starts from what the tensor holds now, not from what it held at the capture.
        for before, after in self.replacements:
            for target, source in zip(before, after):
                target.overwrite(source)
        for step in self.steps:
            step()


def _require_device(device, where):
    if not hasattr(device, "traces"):
        raise TypeError(f"ttnn.{where}: expected a device, got {type(device).__name__}")
    device.require_open(f"ttnn.{where}")


def begin_trace_capture(device, cq_id=None, **_hints):
    """Starts to record the operations of this thread; returns the trace's id. RuntimeError while one is recorded."""
    _require_device(device, "begin_trace_capture")
    if state.capture is not None:
        raise RuntimeError(
            f"ttnn.begin_trace_capture: trace {state.capture.trace_id} is being captured already; traces do not nest"
        )
    state.capture = Capture(device, next(_ids))
    return state.capture.trace_id


def end_trace_capture(device, trace_id, cq_id=None, **_hints):
    """Ends the recording that begin_trace_capture started."""
    _require_device(device, "end_trace_capture")
    capture = state.capture
    if capture is None:
        raise RuntimeError(f"ttnn.end_trace_capture: no trace is being captured (id {trace_id})")
    if capture.trace_id != trace_id:
        raise RuntimeError(f"ttnn.end_trace_capture: trace {capture.trace_id} is being captured, not {trace_id}")
    if capture.device is not device:
        raise RuntimeError(f"ttnn.end_trace_capture: trace {trace_id} belongs to {capture.device!r}, not {device!r}")
    state.capture = None
    device.traces[trace_id] = capture


def _trace(device, trace_id, where):
    _require_device(device, where)
    if state.capture is not None:
        raise RuntimeError(f"ttnn.{where}: not possible while trace {state.capture.trace_id} is being captured")
    if trace_id not in device.traces:
        raise RuntimeError(f"ttnn.{where}: {device!r} has no trace {trace_id} (released, or of another device)")
    return device.traces[trace_id]


def execute_trace(device, trace_id, *, cq_id=None, blocking=True, **_hints):
    """Runs a trace again on its buffers; returns when it is done."""
    _trace(device, trace_id, "execute_trace").replay()


def release_trace(device, trace_id):
    """Forgets a trace and lets go of the buffers that only it holds."""
    _trace(device, trace_id, "release_trace")
    del device.traces[trace_id]


__all__ = ["begin_trace_capture", "end_trace_capture", "execute_trace", "release_trace"]
