/// The C interface of the matrix-product primitives: shared by the host and by the bitcode of every ISA level.
///
/// C[M, N] = A[M, K] * B[K, N], in tiles that are handed to an epilogue hook. The caller applies batch offsets.
/// Emitted code builds a `GemmArgs` in an alloca; after inlining, whatever it stored as a constant folds away, so the
/// integer fields below (`a_dtype`, `has_prologue`, strides, `k`, `n`) may be, and mostly are, compile-time constants.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tilefold::isa {

/// Storage types that primitives read and write (`int32_t` in the argument structs).
enum StorageType : int32_t { kStorageF32 = 0, kStorageBf16 = 1 };  // NOLINT(performance-enum-size)

/// Columns of one packed panel of B and of every epilogue tile, at every ISA level.
inline constexpr int64_t kGemmPanelColumns = 32;
/// Bytes of one row of a packed chunk of A (K is cut into chunks so that row strides are constants of the kernel).
inline constexpr int64_t kGemmChunkBytes = 512;
/// What the packed rows of A may occupy together (half of a 1 MiB L2 leaves room for a panel of B).
inline constexpr int64_t kGemmPanelBytes = 262144;
/// No level has register blocks of more rows than this; an epilogue tile has at most as many rows.
inline constexpr int64_t kGemmMaxBlockRows = 32;
/// Register blocks of rows that share one packing of A at most: enough to reuse a panel of B, few enough to stay in L2.
inline constexpr int64_t kGemmBlocksPerPanel = 8;

/// Operands of one product. Strides count elements.
struct GemmArgs {
  const void* a;         ///< element (i, k) is at a[i * a_row_stride + k * a_col_stride]; unused with a prologue
  int64_t a_row_stride;  ///< any value
  int64_t a_col_stride;  ///< 1 is the fast case; a_row_stride == 1 (a transposed matrix) is the second fastest
  const void* b_packed;  ///< written by tilefold_pack_b_<type>, aligned to 64 bytes
  int64_t m;             ///< rows of A and C
  int64_t n;             ///< columns of B and C
  int64_t k;             ///< columns of A, rows of B; 0 gives a product of zeros
  void* hook_context;    ///< passed to the hooks, not interpreted
  int32_t a_dtype;       ///< StorageType of A
  int32_t has_prologue;  ///< 1: rows of A come from tilefold_hook_load_a, `a` and its strides are ignored
};

/// Bytes of `b_packed` for fp32: [ceil(N/32)][K][32], zero-padded columns.
constexpr int64_t gemm_packed_b_bytes_f32(int64_t k, int64_t n) {
  return (n + kGemmPanelColumns - 1) / kGemmPanelColumns * k * kGemmPanelColumns * 4;
}

/// Bytes of `b_packed` for bf16: [ceil(N/32)][ceil(K/32)*16][32][2], pairs along K, zero-padded; one layout for
/// AVX-512-BF16, AMX and the levels without a bf16 unit.
constexpr int64_t gemm_packed_b_bytes_bf16(int64_t k, int64_t n) {
  return (n + kGemmPanelColumns - 1) / kGemmPanelColumns * ((k + 31) / 32 * 32) * kGemmPanelColumns * 2;
}

/// Bytes of scratch that a product task needs at any level (64-byte aligned, private to the task).
constexpr int64_t gemm_scratch_bytes(int64_t k) {
  const int64_t chunk_elements = kGemmChunkBytes / 4;
  const int64_t chunks = (k + chunk_elements - 1) / chunk_elements;
  const int64_t one_block = kGemmMaxBlockRows * (chunks > 0 ? chunks : 1) * kGemmChunkBytes;
  const int64_t panel = one_block > kGemmPanelBytes ? one_block : kGemmPanelBytes;
  const int64_t tiles = kGemmBlocksPerPanel * kGemmMaxBlockRows * kGemmPanelColumns * 4;
  const int64_t prologue_row = (k + 63) / 64 * 64 * 4;
  return panel + tiles + prologue_row + 64;
}

}  // namespace tilefold::isa

extern "C" {

// Defined by emitted code (or, in the native build, by a table of function pointers), called by the primitives.

/// Receives one finished block of C: `tile` holds fp32 values, row r at tile + r * tile_stride, 64-byte aligned, with
/// tile_stride >= 32 readable columns; only rows x cols (<= 32 each) are meaningful. `row` and `col` are its place in
/// C. Every element of the task's range is handed over exactly once. col is a multiple of 32.
void tilefold_hook_epilogue(void* hook_context, const float* tile, int64_t tile_stride, int64_t row, int64_t col,
                            int64_t rows, int64_t cols);

/// Writes A[row, k_begin .. k_begin + k_count) as fp32 to `out` (64-byte aligned, writable up to the next multiple of
/// 16 elements). Called once per row with k_begin = 0 and k_count = K, so that row statistics can be computed in it.
void tilefold_hook_load_a(void* hook_context, int64_t row, int64_t k_begin, int64_t k_count, float* out);

// Primitives, present in the bitcode of every level.

/// Rows [row_begin, row_end) and columns [col_begin, col_end) of the product in fp32. col_begin is a multiple of 32,
/// col_end a multiple of 32 or n. `scratch` has gemm_scratch_bytes(k) bytes, aligned to 64.
void tilefold_gemm_f32(const tilefold::isa::GemmArgs* args, int64_t row_begin, int64_t row_end, int64_t col_begin,
                       int64_t col_end, void* scratch);

/// The same with operands rounded to bf16 and fp32 accumulation.
void tilefold_gemm_bf16(const tilefold::isa::GemmArgs* args, int64_t row_begin, int64_t row_end, int64_t col_begin,
                        int64_t col_end, void* scratch);

/// Packs column panels [panel_begin, panel_end) of B (panels of 32 columns; all: 0 .. ceil(n/32)) to `out`, the start
/// of the whole packed buffer. Element (k, n) is at b[k * row_stride + n * col_stride]; b_dtype is a StorageType.
void tilefold_pack_b_f32(const void* b, int64_t row_stride, int64_t col_stride, int32_t b_dtype, int64_t k, int64_t n,
                         int64_t panel_begin, int64_t panel_end, void* out);

/// The same in the bf16 layout (values rounded to nearest even).
void tilefold_pack_b_bf16(const void* b, int64_t row_stride, int64_t col_stride, int32_t b_dtype, int64_t k, int64_t n,
                          int64_t panel_begin, int64_t panel_end, void* out);

/// dst[c][r] = src[r][c] for 16-bit and 32-bit elements; strides in elements, any alignment, no overlap.
void tilefold_transpose_16(const void* src, int64_t src_stride, void* dst, int64_t dst_stride, int64_t rows,
                           int64_t cols);
void tilefold_transpose_32(const void* src, int64_t src_stride, void* dst, int64_t dst_stride, int64_t rows,
                           int64_t cols);
}
