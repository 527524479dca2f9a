#include "graph/scopes.h"

#include "graph/backend.h"

namespace tilefold {
namespace {

thread_local Precision precision_in_force = Precision::float32;
thread_local std::string scope_name;
thread_local bool interpreting = false;

}  // namespace

PrecisionScope::PrecisionScope(Precision precision) : previous_(precision_in_force) { precision_in_force = precision; }
PrecisionScope::~PrecisionScope() { precision_in_force = previous_; }
Precision current_precision() { return precision_in_force; }

NameScope::NameScope(const std::string& name) : previous_length_(scope_name.size()) {
  if (!scope_name.empty()) scope_name += '.';
  scope_name += name;
}
NameScope::~NameScope() { scope_name.resize(previous_length_); }
const std::string& current_scope_name() { return scope_name; }

ReferenceScope::ReferenceScope() : previous_(interpreting) { interpreting = true; }
ReferenceScope::~ReferenceScope() { interpreting = previous_; }
bool reference_scope_active() { return interpreting; }

}  // namespace tilefold
