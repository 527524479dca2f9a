/// How a caller ends a transfer or a wait.
#pragma once

#include <chrono>
#include <functional>

namespace tilefold::net {

/// Called some twenty times a second during transfers and waits; it ends them by throwing (the exception passes through
/// unchanged). Empty: nothing interrupts.
using InterruptCheck = std::function<void()>;

/// How often a check is called.
constexpr std::chrono::milliseconds kInterruptInterval{50};

/// Sleeps for `duration`, calling `check` in between.
void wait(std::chrono::milliseconds duration, const InterruptCheck& check);

}  // namespace tilefold::net
