#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "isa/cpu.h"
#include "isa/machine_peaks.h"
#include "native/bindings.h"
#include "runtime/profiler.h"
#include "tilefold/jit.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

nb::dict measured_peaks(int threads) {
  isa::MachinePeaks peaks;
  {
    const nb::gil_scoped_release release;
    peaks = isa::measure_peaks(threads);
  }
  nb::dict result;
  result["threads"] = peaks.threads;
  result["fma_flops"] = peaks.fma_flops;
  result["bf16_flops"] = peaks.bf16_flops;
  result["read_bytes"] = peaks.read_bytes;
  result["copy_bytes"] = peaks.copy_bytes;
  result["streaming_copy_bytes"] = peaks.streaming_copy_bytes;
  return result;
}

nb::list profile_totals() {
  nb::list rows;
  for (const StepProfile& step : Profiler::instance().totals()) {
    nb::dict row;
    row["name"] = step.name;
    row["calls"] = step.calls;
    row["seconds"] = step.seconds;
    row["flops"] = step.flops;
    row["bytes"] = step.bytes;
    rows.append(row);
  }
  return rows;
}

}  // namespace

void bind_machine(nb::module_& module) {
  module.def("set_num_threads", &set_num_threads, nb::arg("threads"),
             "Threads (cores of the grid) that programs run on; 0 or less is an error.");
  module.def("num_threads", &num_threads);
  module.def("active_isa", [] { return std::string(isa::isa_name(isa::active_isa())); });
  module.def("measure_peaks", &measured_peaks, nb::arg("threads"),
             "Measured FLOP/s of the units in use and bytes/s of memory; takes about half a second.");
  module.def(
      "profiler_enable", [](bool on, bool events) { Profiler::instance().enable(on, events); }, nb::arg("on"),
      nb::arg("events") = false);
  module.def("profiler_clear", [] { Profiler::instance().clear(); });
  module.def("profiler_totals", &profile_totals, "Per step name: calls, seconds, flops, bytes; longest first.");
  module.def("profiler_chrome_trace", [] { return Profiler::instance().chrome_trace(); });
}

}  // namespace tilefold::python
