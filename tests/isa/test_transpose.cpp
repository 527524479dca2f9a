#include "support.h"

namespace tilefold::isa::test {
namespace {

class Transpose : public Levels {};

template <typename T>
void run_transpose(TransposeFunction* transpose, std::int64_t rows, std::int64_t cols, std::int64_t extra) {
  const std::int64_t src_stride = cols + extra;
  const std::int64_t dst_stride = rows + extra;
  GuardedMemory src(((rows - 1) * src_stride + cols) * static_cast<std::int64_t>(sizeof(T)));
  GuardedMemory dst(((cols - 1) * dst_stride + rows) * static_cast<std::int64_t>(sizeof(T)));
  T* from = reinterpret_cast<T*>(src.data());
  T* to = reinterpret_cast<T*>(dst.data());
  constexpr T kUntouched = static_cast<T>(-1);
  for (std::int64_t i = 0; i < (rows - 1) * src_stride + cols; ++i) from[i] = static_cast<T>(i * 7 % 60000);
  for (std::int64_t i = 0; i < (cols - 1) * dst_stride + rows; ++i) to[i] = kUntouched;
  transpose(from, src_stride, to, dst_stride, rows, cols);
  for (std::int64_t c = 0; c < cols; ++c) {
    for (std::int64_t r = 0; r < rows; ++r) {
      ASSERT_EQ(to[c * dst_stride + r], from[r * src_stride + c]) << rows << " x " << cols << " at " << r << "," << c;
    }
    for (std::int64_t r = rows; r < dst_stride && c + 1 < cols; ++r) ASSERT_EQ(to[c * dst_stride + r], kUntouched);
  }
}

TEST_P(Transpose, EverySmallSize) {
  for (std::int64_t rows = 1; rows <= 35; ++rows) {
    for (std::int64_t cols = 1; cols <= 35; cols += rows % 2 + 1) {
      run_transpose<std::uint16_t>(primitives().transpose_16, rows, cols, rows % 3);
      run_transpose<std::uint32_t>(primitives().transpose_32, rows, cols, cols % 3);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Transpose, Large) {
  run_transpose<std::uint16_t>(primitives().transpose_16, 130, 257, 0);
  run_transpose<std::uint32_t>(primitives().transpose_32, 257, 130, 1);
}

TILEFOLD_TEST_LEVELS(Transpose);

}  // namespace
}  // namespace tilefold::isa::test
