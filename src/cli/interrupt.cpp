#include "cli/interrupt.h"

#include <csignal>
#include <cstdlib>

#include "cli/application.h"

namespace tilefold::cli {
namespace {

volatile std::sig_atomic_t signal_arrived = 0;

void note_signal(int) {
  if (signal_arrived != 0) std::_Exit(kInterrupted);
  signal_arrived = 1;
}

}  // namespace

void install_interrupt_handler() {
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

void throw_if_interrupted() {
  if (signal_arrived != 0) throw Interrupted();
}

}  // namespace tilefold::cli
