/// Whether an input fits into memory, before hours have been spent on it.
#pragma once

#include <cstdint>
#include <string>

#include "tilefold/boltz.h"

namespace tilefold::cli {

/// Bytes that this process can still get or already has: what the kernel calls available, or less where a control group
/// sets a limit. 0 when the system does not tell.
std::uint64_t available_memory();

/// Throws UnsupportedError with the numbers when a prediction of this size needs more than `available` bytes (0: any
/// number is available). `subject` begins the message.
void check_memory(const boltz::Model& model, const boltz::PredictionSize& size, Precision precision,
                  std::uint64_t available, const std::string& subject);

}  // namespace tilefold::cli
