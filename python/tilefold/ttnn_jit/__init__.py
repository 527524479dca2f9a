"""`ttnn_jit` on CPUs: functions of ttnn operations, traced once and compiled."""
