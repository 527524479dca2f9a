/// Precision of products, by region of the model.
#pragma once

#include "tilefold/jit.h"

namespace tilefold {

/// While alive on this thread, operations are recorded (or run) with this precision: the model's fp32 islands
/// (autocast switched off in the reference) inside mixed-precision modules.
class PrecisionScope {
 public:
  explicit PrecisionScope(Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  Precision previous_;
};

/// The precision in force on this thread; float32 outside of every scope and jitted function.
Precision current_precision();

/// While alive on this thread, operations carry this name in profiles and dumps: "pairformer.3.triangle_attention".
class NameScope {
 public:
  explicit NameScope(const std::string& name);
  ~NameScope();
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  std::size_t previous_length_;
};

}  // namespace tilefold
