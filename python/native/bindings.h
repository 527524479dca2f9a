/// The parts of the extension module `tilefold._native`; each registers its classes and functions.
#pragma once

#include <nanobind/nanobind.h>

namespace tilefold::python {

/// Exceptions: every tilefold::Error becomes the class of the same name in tilefold.errors.
void bind_errors(nanobind::module_& module);
/// DType, Dim, Shape-valued attributes, Tensor with DLPack in and out.
void bind_tensor(nanobind::module_& module);
/// The operation registry: descriptions, `Operation` handles that are called with tensors.
void bind_operations(nanobind::module_& module);
/// Tracing and compiled programs.
void bind_programs(nanobind::module_& module);
/// Threads, instruction set, peaks, profiler.
void bind_machine(nanobind::module_& module);
/// Compiled modules of Boltz-2 for PyTorch models.
void bind_boltz(nanobind::module_& module);
/// Names and shapes of their parameters.
void bind_boltz_parameters(nanobind::module_& module);

}  // namespace tilefold::python
