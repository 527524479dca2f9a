/// Ctrl-C: noted by a signal handler, acted upon between units of work.
#pragma once

namespace tilefold::cli {

/// The first SIGINT or SIGTERM sets a flag; a second one ends the process at once (no file is ever half written).
void install_interrupt_handler();

/// Throws Interrupted when a signal has arrived.
void throw_if_interrupted();

}  // namespace tilefold::cli
