#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "archive/byte_source.h"
#include "tilefold/text.h"
#include "tilefold/weights.h"

namespace tilefold {
namespace {

/// Collects lines, keeps the first ten.
class BoundedList {
 public:
  void add(std::string line) {
    constexpr std::size_t kShown = 10;
    if (++count_ <= kShown) lines_.push_back(std::move(line));
  }
  std::size_t count() const { return count_; }
  /// "3 missing: a, b, c" or "31 missing: a, b, ... and 21 more".
  std::string to_string(std::string_view kind) const {
    std::string text = fmt::format("{} {}: {}", count_, kind, fmt::join(lines_, ", "));
    if (count_ > lines_.size()) text += fmt::format(" and {} more", count_ - lines_.size());
    return text;
  }

 private:
  std::size_t count_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace

void check_parameters(const Checkpoint& checkpoint, const std::vector<ParameterSpec>& expected) {
  BoundedList missing;
  BoundedList unexpected;
  BoundedList misshapen;
  std::set<std::string> accepted;
  for (const ParameterSpec& spec : expected) {
    const std::optional<std::string> alias = alias_of_parameter(spec.name);
    accepted.insert(spec.name);
    if (alias) accepted.insert(*alias);
    auto found = checkpoint.tensors.find(spec.name);
    if (found == checkpoint.tensors.end() && alias) found = checkpoint.tensors.find(*alias);
    if (found == checkpoint.tensors.end()) {
      missing.add(spec.name);
    } else if (!(found->second.shape() == spec.shape)) {
      misshapen.add(fmt::format("{} (expected {}, found {})", spec.name, spec.shape.to_string(),
                                found->second.shape().to_string()));
    }
  }
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (accepted.count(name) == 0) unexpected.add(in_quotes(name, archive::kLongestName));
  }
  std::vector<std::string> parts;
  if (missing.count() != 0) parts.push_back(missing.to_string("missing"));
  if (unexpected.count() != 0) parts.push_back(unexpected.to_string("unexpected"));
  if (misshapen.count() != 0) parts.push_back(misshapen.to_string("of another shape"));
  if (parts.empty()) return;
  throw WeightError(fmt::format("{}: its tensors are not those of the model that its hyper-parameters describe; {}",
                                checkpoint.path, fmt::join(parts, "; ")));
}

}  // namespace tilefold
