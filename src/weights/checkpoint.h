/// Reading a checkpoint of any supported format from bytes.
#pragma once

#include "archive/byte_source.h"
#include "tilefold/weights.h"

namespace tilefold::weights {

/// What `load_checkpoint` does once the file is mapped.
Checkpoint read_checkpoint(const archive::ByteSource& source, Checksums checksums);

}  // namespace tilefold::weights
