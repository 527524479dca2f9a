/// Row chains: runs of steps over the same rows become one step that works block by block.
#pragma once

#include "schedule/schedule.h"

namespace tilefold {

/// Replaces runs of row-wise steps by chains. A step joins while it reads of each row only what earlier steps of the
/// chain wrote for the same row, and while the weights of the chain fit into the second-level cache.
void form_row_chains(Schedule& schedule);

}  // namespace tilefold
