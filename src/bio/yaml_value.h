/// Typed access to an untrusted YAML document: every error names the file, the line and the path of keys.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tilefold::bio {

/// A node of the document with its path of keys ("sequences[1].protein.id").
///
/// Plain scalars have the types of YAML 1.1, as in PyYAML: `yes` is a boolean, `1` an integer, quoted text a string.
/// No method walks a whole tree, so aliases cost nothing however often they are repeated.
class YamlValue {
 public:
  /// Parses one document. Throws ParseError with the line of a syntax error.
  static YamlValue parse(std::string_view text, std::string file);

  bool is_null() const;
  /// "file:12: sequences[0].protein", for messages.
  std::string where() const;

  /// The entries of a mapping. Throws ParseError when this is no mapping, or a key is repeated or no plain text.
  std::map<std::string, YamlValue> as_mapping() const;
  /// The items of a list. Throws ParseError otherwise.
  std::vector<YamlValue> as_list() const;
  bool is_list() const { return node_.IsSequence(); }
  bool is_integer() const;
  std::string as_string() const;
  std::int64_t as_integer() const;
  bool as_boolean() const;
  /// Number of an integer or real scalar.
  double as_number() const;

  /// The key of a mapping that comes first in the file. Throws ParseError when it is empty or no mapping.
  std::string first_key() const;
  /// Throws ParseError: "<where>: expected <what>, found a list<hint>".
  [[noreturn]] void expected(std::string_view what, std::string_view hint = "") const;

 private:
  YamlValue(const YAML::Node& node, std::string file, std::string path)
      : node_(node), file_(std::move(file)), path_(std::move(path)) {}

  YAML::Node node_;
  std::string file_;
  std::string path_;
};

}  // namespace tilefold::bio
