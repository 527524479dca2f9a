/// Is a file that was fetched whole and intact? What the kinds of archives say about themselves.
#pragma once

#include <filesystem>

#include "net/interrupt.h"

namespace tilefold::net {

/// A ZIP archive such as a PyTorch checkpoint: the directory at its end is read and the checksum of every member
/// compared with its data. One pass over the file. Throws ParseError that says what is wrong, IoError when it cannot be
/// read.
void check_zip(const std::filesystem::path& file, const InterruptCheck& check = {});

/// A tar archive: walks through all members to the end-of-archive mark. tar has no checksums of data.
void check_tar(const std::filesystem::path& file, const InterruptCheck& check = {});

}  // namespace tilefold::net
