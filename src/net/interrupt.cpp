#include "net/interrupt.h"

#include <algorithm>
#include <thread>

namespace tilefold::net {

void wait(std::chrono::milliseconds duration, const InterruptCheck& check) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + duration;
  while (true) {
    if (check) check();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return;
    std::this_thread::sleep_for(std::min(left, kInterruptInterval));
  }
}

}  // namespace tilefold::net
