/// Checkpoints written by torch.save (PyTorch 1.6 and later: a ZIP archive).
#pragma once

#include "archive/byte_source.h"
#include "tilefold/weights.h"

namespace tilefold::weights {

/// True when the bytes begin like a ZIP archive.
bool looks_like_zip(const archive::ByteSource& source);

/// Reads `state_dict` and `hyper_parameters`; names are as in the file.
Checkpoint read_torch_checkpoint(const archive::ByteSource& source, Checksums checksums);

}  // namespace tilefold::weights
