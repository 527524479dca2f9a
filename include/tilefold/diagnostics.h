/// What reading and preparing one input has to tell: warnings, and every reason why the input is refused.
///
///   Diagnostics diagnostics([](const std::string& warning) { print(warning); });
///   bio::Job job = bio::parse_input(path, diagnostics);
///   bio::Complex complex = bio::build_complex(job, components, {}, diagnostics);  // throws if anything was refused
///
/// All warnings of a run pass through here: functions that may warn take a `Diagnostics&`, none prints by itself.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tilefold/error.h"

namespace tilefold {

/// Several reasons why an input is refused, one line each; `what()` is all of them with line breaks between.
class InputError : public Error {
 public:
  explicit InputError(std::vector<std::string> messages) : Error(joined(messages)), messages_(std::move(messages)) {}
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  static std::string joined(const std::vector<std::string>& messages);
  std::vector<std::string> messages_;
};

class Diagnostics {
 public:
  using Listener = std::function<void(const std::string&)>;

  /// `on_warning` is called for each new warning, for example to print it.
  explicit Diagnostics(Listener on_warning = {}) : on_warning_(std::move(on_warning)) {}

  /// Adds a one-line warning, unless the same text is there already.
  void warn(std::string message);
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Runs `action`; an Error that it throws becomes a refusal, and work goes on. Returns whether it ended without one.
  template <typename Action>
  bool attempt(Action&& action) {
    try {
      std::forward<Action>(action)();
      return true;
    } catch (const Error& error) {
      refuse(std::current_exception(), error.what());
      return false;
    }
  }

  bool refused() const { return !refusals_.empty(); }
  /// Texts of the refusals, in order; after the first fifty, one line says that there are more.
  const std::vector<std::string>& refusals() const { return refusals_; }
  /// Nothing when there is no refusal. Throws a single one as it was thrown, several as one InputError.
  void throw_if_refused() const;

 private:
  void refuse(std::exception_ptr error, std::string message);

  Listener on_warning_;
  std::vector<std::string> warnings_;
  std::vector<std::string> refusals_;
  std::exception_ptr first_;
};

}  // namespace tilefold
