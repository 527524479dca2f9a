"""What a thread is doing with operations: tracing a function, capturing a trace."""

import threading


class _State(threading.local):
    #: Set while a function is traced on this thread: recorder.call(name, function, args, kwargs) -> result.
    recorder = None
    #: The trace_capture.Capture between begin_trace_capture and end_trace_capture.
    capture = None


state = _State()
