#include "bio/yaml_value.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <regex>
#include <sstream>
#include <utility>

#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

enum class ScalarKind { null, boolean, integer, real, string };

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// Type of a plain scalar by the rules of YAML 1.1 that PyYAML follows.
ScalarKind plain_kind(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return ScalarKind::null;
  if (is_one_of(text, {"yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE", "on",
                       "On", "ON", "off", "Off", "OFF"})) {
    return ScalarKind::boolean;
  }
  constexpr std::size_t kLongestNumber = 64;
  if (text.size() > kLongestNumber) return ScalarKind::string;  // also bounds the recursion of std::regex
  static const std::regex integer(
      "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+");
  static const std::regex real(
      "[-+]?[0-9][0-9_]*\\.[0-9_]*([eE][-+][0-9]+)?|[-+]?\\.[0-9][0-9_]*([eE][-+][0-9]+)?|"
      "[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
  if (std::regex_match(text.begin(), text.end(), integer)) return ScalarKind::integer;
  if (std::regex_match(text.begin(), text.end(), real)) return ScalarKind::real;
  return ScalarKind::string;
}

ScalarKind kind_of(const YAML::Node& node) {
  const std::string& tag = node.Tag();
  if (tag == "?" || tag.empty()) return plain_kind(node.Scalar());
  if (tag == "tag:yaml.org,2002:int") return ScalarKind::integer;
  if (tag == "tag:yaml.org,2002:float") return ScalarKind::real;
  if (tag == "tag:yaml.org,2002:bool") return ScalarKind::boolean;
  return ScalarKind::string;
}

std::string describe(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull()) return "nothing";
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  const std::string text = in_quotes(node.Scalar());
  switch (kind_of(node)) {
    case ScalarKind::boolean:
      return fmt::format("the boolean {}", text);
    case ScalarKind::integer:
    case ScalarKind::real:
      return fmt::format("the number {}", text);
    case ScalarKind::null:
      return "nothing";
    case ScalarKind::string:
      break;
  }
  return fmt::format("the text {}", text);
}

/// Receives the events of a parse and forgets them.
class Ignore : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// Is there anything after the first document? (YAML::LoadAll would tell, but never returns for a text that begins with
/// a comma.)
bool has_second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Ignore events;
  return parser.HandleNextDocument(events) && parser.HandleNextDocument(events);
}

/// YAML allows no control characters but tabs and line ends.
void check_characters(std::string_view text, const std::string& file) {
  const auto bad = std::find_if(text.begin(), text.end(), [](unsigned char c) {
    return (c < 32 && c != '\t' && c != '\n' && c != '\r') || c == 127;
  });
  if (bad == text.end()) return;
  const auto line = 1 + std::count(text.begin(), bad, '\n');
  throw ParseError(fmt::format("{}:{}: not valid YAML: the character {} is not allowed", file, line,
                               in_quotes(std::string_view(&*bad, 1))));
}

/// What syntax errors in input files most often come from, as far as it can be seen line by line; the parser's own
/// message names a later line and another cause.
class LikelyMistake {
 public:
  LikelyMistake(std::string_view text, std::int64_t error_line) {
    LineReader lines(text);
    while (found_.empty() && lines.next()) {
      const std::string_view line = lines.line();
      const auto start = line.find_first_not_of(' ');
      if (start == std::string_view::npos || line[start] == '#') continue;
      if (previous_line_ == 0 && line[start] == '>') {
        tell(lines.number(), "this looks like FASTA; give the file the suffix .fasta");
      } else if (line[start] == '\t') {
        tell(lines.number(), fmt::format("column {} is a tab; YAML allows only spaces before a key", start + 1));
      } else if (lines.number() <= error_line) {
        check_indentation(line, static_cast<std::int64_t>(start), lines.number());
      }
    }
  }

  /// "file:line" and the mistake; the line is 0 when none was found.
  std::int64_t line() const { return line_; }
  const std::string& message() const { return found_; }

 private:
  void tell(std::int64_t line, std::string message) {
    line_ = line;
    found_ = std::move(message);
  }

  static bool is_entry(std::string_view line) {
    return line.starts_with("- ") || line.ends_with(':') || line.find(": ") != std::string_view::npos;
  }

  /// A complete `key: value` cannot have further entries below it: it stands too far left.
  void check_indentation(std::string_view line, std::int64_t start, std::int64_t number) {
    if (previous_is_complete_ && start > previous_start_ && is_entry(strip(line))) {
      tell(previous_line_,
           fmt::format("this line starts in column {}, the next one in column {}; entries of one mapping "
                       "start in the same column",
                       previous_start_ + 1, start + 1));
      return;
    }
    const auto colon = line.find(": ");
    const std::string_view value = colon == std::string_view::npos ? "" : strip(line.substr(colon + 2));
    // Quoted, folded and flow values may go on in the next line.
    previous_is_complete_ =
        !value.empty() && std::string_view("\"'|>[{&*!").find(value.front()) == std::string_view::npos;
    previous_start_ = start + (line.substr(static_cast<std::size_t>(start)).starts_with("- ") ? 2 : 0);
    previous_line_ = number;
  }

  std::int64_t line_ = 0;
  std::string found_;
  bool previous_is_complete_ = false;
  std::int64_t previous_start_ = 0;
  std::int64_t previous_line_ = 0;
};

[[noreturn]] void throw_syntax_error(std::string_view text, const std::string& file, const YAML::Exception& error) {
  const std::int64_t line = error.mark.is_null() ? 0 : error.mark.line + 1;
  const LikelyMistake mistake(text, line);
  if (mistake.line() > 0) {
    throw ParseError(fmt::format("{}:{}: not valid YAML: {}", file, mistake.line(), mistake.message()));
  }
  const std::string place = line == 0 ? file : fmt::format("{}:{}", file, line);
  throw ParseError(fmt::format("{}: not valid YAML: {}", place, one_line(error.msg)));
}

}  // namespace

YamlValue YamlValue::parse(std::string_view text, std::string file) {
  check_characters(text, file);
  try {
    const std::string content(text);
    if (has_second_document(content)) {
      throw ParseError(fmt::format("{}: expected one YAML document, found more", file));
    }
    return {YAML::Load(content), std::move(file), ""};
  } catch (const YAML::Exception& error) {
    throw_syntax_error(text, file, error);
  }
}

bool YamlValue::is_null() const {
  return !node_.IsDefined() || node_.IsNull() || (node_.IsScalar() && kind_of(node_) == ScalarKind::null);
}

bool YamlValue::is_integer() const { return node_.IsScalar() && kind_of(node_) == ScalarKind::integer; }

std::string YamlValue::where() const {
  const YAML::Mark mark = node_.IsDefined() ? node_.Mark() : YAML::Mark::null_mark();
  std::string result = mark.is_null() ? file_ : fmt::format("{}:{}", file_, mark.line + 1);
  if (!path_.empty()) result += ": " + path_;
  return result;
}

void YamlValue::expected(std::string_view what, std::string_view hint) const {
  throw ParseError(fmt::format("{}: expected {}, found {}{}", where(), what, describe(node_), hint));
}

std::map<std::string, YamlValue> YamlValue::as_mapping() const {
  if (!node_.IsMap()) expected("a mapping of keys to values");
  std::map<std::string, YamlValue> entries;
  for (const auto& entry : node_) {
    const YamlValue key(entry.first, file_, path_);
    if (!entry.first.IsScalar()) key.expected("a plain key");
    const std::string& name = entry.first.Scalar();
    const bool printable =
        name.size() <= 60 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > 32 && c < 127; });
    const std::string shown = printable ? name : in_quotes(name);
    YamlValue value(entry.second, file_, path_.empty() ? shown : path_ + "." + shown);
    if (!entries.emplace(name, value).second) {
      throw ParseError(fmt::format("{}: key {} is given twice", key.where(), in_quotes(name)));
    }
  }
  return entries;
}

std::string YamlValue::first_key() const {
  if (!node_.IsMap() || node_.size() == 0) expected("a mapping of keys to values");
  const YAML::Node key = node_.begin()->first;
  if (!key.IsScalar()) expected("a plain key");
  return key.Scalar();
}

std::vector<YamlValue> YamlValue::as_list() const {
  if (!node_.IsSequence()) expected("a list");
  std::vector<YamlValue> items;
  for (const auto& item : node_) items.push_back({item, file_, fmt::format("{}[{}]", path_, items.size())});
  return items;
}

std::string YamlValue::as_string() const {
  if (!node_.IsScalar() || kind_of(node_) != ScalarKind::string) {
    const bool can_be_quoted = node_.IsScalar() && kind_of(node_) != ScalarKind::null;
    expected("text", can_be_quoted ? " (put text in quotes)" : "");
  }
  return node_.Scalar();
}

std::int64_t YamlValue::as_integer() const {
  if (!node_.IsScalar() || kind_of(node_) != ScalarKind::integer) expected("a whole number");
  std::string_view text = node_.Scalar();
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) expected("a whole number");
  return value;
}

double YamlValue::as_number() const {
  const ScalarKind kind = node_.IsScalar() ? kind_of(node_) : ScalarKind::null;
  if (kind != ScalarKind::integer && kind != ScalarKind::real) expected("a number");
  std::string_view text = node_.Scalar();
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) expected("a number");
  return value;
}

bool YamlValue::as_boolean() const {
  if (!node_.IsScalar() || kind_of(node_) != ScalarKind::boolean) expected("true or false");
  return is_one_of(node_.Scalar(), {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"});
}

}  // namespace tilefold::bio
