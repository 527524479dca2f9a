/// Loops over independent pieces of work on the threads of the process.
#pragma once

#include <cstdint>
#include <functional>

namespace tilefold {

/// Calls function(index) once for every index in [0, count), on up to `num_threads()` threads, the calling one
/// included, and returns when all calls are done. Which thread makes a call is not determined: results are independent
/// of the number of threads when the calls do not depend on each other. Calls from inside such a loop run on the
/// calling thread. The first exception of a call is rethrown; calls that have not begun by then are left out.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t index)>& function);

}  // namespace tilefold
