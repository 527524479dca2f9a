/// The records of a ZIP file (APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16): signatures, fixed sizes, methods.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tilefold::archive {

inline constexpr std::uint32_t kLocalHeader = 0x04034b50;
inline constexpr std::uint32_t kDirectoryHeader = 0x02014b50;
inline constexpr std::uint32_t kEndRecord = 0x06054b50;
inline constexpr std::uint32_t kZip64EndRecord = 0x06064b50;
inline constexpr std::uint32_t kZip64Locator = 0x07064b50;
inline constexpr std::size_t kLocalHeaderSize = 30;
inline constexpr std::size_t kDirectoryHeaderSize = 46;
inline constexpr std::size_t kEndRecordSize = 22;
inline constexpr std::size_t kZip64EndRecordSize = 56;
inline constexpr std::size_t kZip64LocatorSize = 20;
inline constexpr std::size_t kMaxComment = 0xFFFF;
inline constexpr std::uint32_t kInZip64Field = 0xFFFFFFFF;
inline constexpr std::uint16_t kEncryptedFlag = 1;
inline constexpr std::uint16_t kStored = 0;
inline constexpr std::uint16_t kDeflated = 8;

}  // namespace tilefold::archive
