#include "cli/predict.h"

#include <cstdio>

#include "cli/prediction_run.h"
#include "cli/profile_report.h"
#include "runtime/profiler.h"
#include "tilefold/jit.h"
#include "tilefold/output.h"

namespace tilefold::cli {

int predict(const PredictArguments& arguments) {
  check(arguments);
  if (arguments.num_threads > 0) set_num_threads(arguments.num_threads);
  const bool profiling = arguments.profile || arguments.trace_file.has_value();
  if (profiling) Profiler::instance().enable(true, arguments.trace_file.has_value());
  const int exit_code = PredictionRun(arguments).run();
  Profiler::instance().enable(false);
  if (arguments.profile) std::fputs(profile_table().c_str(), stderr);
  if (arguments.trace_file) bio::write_file(*arguments.trace_file, Profiler::instance().chrome_trace());
  return exit_code;
}

}  // namespace tilefold::cli
