/// Reading a checkpoint of any supported format from bytes.
#pragma once

#include "tilefold/weights.h"
#include "weights/byte_source.h"

namespace tilefold::weights {

/// What `load_checkpoint` does once the file is mapped.
Checkpoint read_checkpoint(const ByteSource& source, Checksums checksums);

}  // namespace tilefold::weights
