/// Thread-local state of tracing: precision and layer names.
#pragma once

#include <string>

#include "tilefold/precision.h"

namespace tilefold {

/// "pairformer.3.triangle_attention": the NameScopes in force on this thread.
const std::string& current_scope_name();

}  // namespace tilefold
