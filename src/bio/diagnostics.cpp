#include "tilefold/diagnostics.h"

#include <algorithm>

namespace tilefold {

std::string InputError::joined(const std::vector<std::string>& messages) {
  std::string text;
  for (const std::string& message : messages) text += (text.empty() ? "" : "\n") + message;
  return text;
}

void Diagnostics::warn(std::string message) {
  if (std::find(warnings_.begin(), warnings_.end(), message) != warnings_.end()) return;
  warnings_.push_back(std::move(message));
  if (on_warning_) on_warning_(warnings_.back());
}

void Diagnostics::refuse(std::exception_ptr error, std::string message) {
  constexpr std::size_t kMost = 50;  // a hostile file can have any number
  if (refusals_.empty()) first_ = std::move(error);
  if (refusals_.size() < kMost) {
    refusals_.push_back(std::move(message));
  } else if (refusals_.size() == kMost) {
    refusals_.emplace_back("there is more that is refused");
  }
}

void Diagnostics::throw_if_refused() const {
  if (refusals_.size() == 1) std::rethrow_exception(first_);
  if (!refusals_.empty()) throw InputError(refusals_);
}

}  // namespace tilefold
