#include "tilefold/parameters.h"

#include "graph/tracer.h"

namespace tilefold {
namespace {

std::string relative_to(const std::string& full_name, const std::string& root) {
  return root.empty() ? full_name : full_name.substr(root.size() + 1);
}

}  // namespace

Tensor Parameters::operator[](const std::string& name) const {
  const std::string full = full_name(name);
  const auto found = map_ ? map_->find(full) : ParameterMap::const_iterator();
  if (!map_ || found == map_->end()) throw WeightError("the checkpoint has no parameter '" + full + "'");
  if (tracer_ == nullptr) return found->second;
  return tracer_->parameter(relative_to(full, traced_root_), found->second);
}

const Tensor* Parameters::find(const std::string& name) const {
  if (!map_) return nullptr;
  const auto found = prefix_.empty() ? map_->find(name) : map_->find(full_name(name));
  return found == map_->end() ? nullptr : &found->second;
}

bool Parameters::contains(const std::string& name) const {
  const std::string full = full_name(name);
  const bool present = map_ && map_->contains(full);
  if (tracer_ != nullptr) tracer_->contains_queries[relative_to(full, traced_root_)] = present;
  return present;
}

Parameters Parameters::scope(const std::string& name) const {
  Parameters scoped = *this;
  scoped.prefix_ = full_name(name);
  return scoped;
}

}  // namespace tilefold
