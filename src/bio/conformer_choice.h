/// Which of its conformers a residue takes.
#pragma once

#include <cstdint>

namespace tilefold::bio {

/// The choices that the reference's featurizer makes: numbers of NumPy's `default_rng(42).choice(n)`, called once per
/// residue in token order. Components with one conformer use up nothing.
class ConformerChoice {
 public:
  /// A number in [0, count); `count` is at least 1.
  std::uint32_t next(std::uint32_t count);

 private:
  __extension__ using Wide = unsigned __int128;

  /// 32 bits of the generator (PCG XSL RR 128/64, O'Neill 2014); the low half of each output comes first.
  std::uint32_t bits();

  // State and increment that NumPy derives from the seed 42.
  Wide state_ = (Wide{0xcea44f6798798f2aU} << 64) | Wide{0xacbc7c9d68860ac8U};
  std::uint64_t kept_ = 0;
  bool has_kept_ = false;
};

}  // namespace tilefold::bio
