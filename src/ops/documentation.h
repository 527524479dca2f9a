/// The reference page of all operations, made from their definitions.
#pragma once

#include <string>
#include <vector>

#include "graph/operation.h"

namespace tilefold::ops {

/// The text of docs/operations.md for these operations.
std::string operations_markdown(const std::vector<const OperationDefinition*>& operations);

}  // namespace tilefold::ops
