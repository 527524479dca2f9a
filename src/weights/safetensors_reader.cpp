#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tilefold/text.h"
#include "weights/element_type.h"
#include "weights/safetensors.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthSize = 8;
constexpr std::size_t kMaxHeader = 100'000'000;  // the limit of the reference implementation
constexpr std::string_view kMetadataKey = "__metadata__";

/// Parses the header; the format allows three levels of nesting and no repeated names.
Json parse_header(const archive::ByteSource& source, std::string_view text) {
  constexpr int kMaxDepth = 3;
  std::set<std::string> names;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMaxDepth) throw ParseError(source.path + ": the header is nested too deeply");
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(value.get<std::string>()).second) {
      throw ParseError(fmt::format("{}: the header holds {} twice", source.path,
                                   in_quotes(value.get<std::string>(), archive::kLongestName)));
    }
    return true;
  };
  Json header;
  try {
    header = Json::parse(text, check);
  } catch (const Json::exception& error) {
    throw ParseError(fmt::format("{}: the header is not valid JSON: {}", source.path,
                                 in_quotes(error.what(), archive::kLongestName)));
  }
  if (!header.is_object()) throw ParseError(source.path + ": the header is not a JSON object");
  return header;
}

void read_metadata(const Json& header, Checkpoint& checkpoint) {
  const auto it = header.find(kMetadataKey);
  if (it == header.end()) return;
  if (!it->is_object()) throw ParseError(checkpoint.path + ": the metadata is not a JSON object");
  for (const auto& [key, value] : it->items()) {
    if (!value.is_string()) {
      throw ParseError(
          fmt::format("{}: metadata {} is not text", checkpoint.path, in_quotes(key, archive::kLongestName)));
    }
    checkpoint.metadata[key] = value.get<std::string>();
  }
  const auto hyper_parameters = checkpoint.metadata.find("hyper_parameters");
  if (hyper_parameters == checkpoint.metadata.end()) return;
  const Json parsed = Json::parse(hyper_parameters->second, nullptr, false);
  if (!parsed.is_object()) {
    throw ParseError(checkpoint.path + ": the metadata entry 'hyper_parameters' is not a JSON object");
  }
  checkpoint.hyper_parameters_json = hyper_parameters->second;
  checkpoint.metadata.erase(hyper_parameters);
}

struct DataRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;
};

/// A list of non-negative integers.
std::vector<std::int64_t> integer_list(const Json& entry, const char* key, const std::string& where) {
  const auto it = entry.find(key);
  std::vector<std::int64_t> values;
  bool valid = it != entry.end() && it->is_array();
  if (valid) {
    for (const Json& value : *it) {
      const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() <= INT64_MAX;
      valid = valid && fits;
      values.push_back(fits ? value.get<std::int64_t>() : 0);
    }
  }
  if (!valid) throw ParseError(fmt::format("{}: '{}' is not a list of non-negative integers", where, key));
  return values;
}

/// Reads one tensor and returns where its data lies, relative to the data section.
DataRange read_tensor(const archive::ByteSource& source, std::size_t data_offset, const std::string& name,
                      const Json& entry, Checkpoint& checkpoint) {
  ElementView view;
  view.where = source.path + ": tensor " + in_quotes(name, archive::kLongestName);
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) {
    throw ParseError(view.where + ": its header entry has no 'dtype'");
  }
  const auto type_name = entry["dtype"].get<std::string>();
  const std::optional<ElementType> type = from_safetensors(type_name);
  if (!type)
    throw UnsupportedError(
        fmt::format("{}: dtype {} is not supported", view.where, in_quotes(type_name, archive::kLongestName)));
  view.type = *type;
  view.sizes = integer_list(entry, "shape", view.where);
  const std::vector<std::int64_t> offsets = integer_list(entry, "data_offsets", view.where);
  const std::int64_t volume = checked_volume(view.sizes, view.where);
  const std::uint64_t expected = static_cast<std::uint64_t>(volume) * file_size_of(*type);
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      static_cast<std::uint64_t>(offsets[1] - offsets[0]) != expected) {
    throw ParseError(
        fmt::format("{}: its data range does not have the {} bytes that dtype and shape need", view.where, expected));
  }
  const auto begin = static_cast<std::uint64_t>(offsets[0]);
  if (begin > source.size() - data_offset || expected > source.size() - data_offset - begin) {
    throw ParseError(fmt::format("{}: its data ends at byte {}, beyond the file's {}; the file is truncated",
                                 view.where, data_offset + begin + expected, source.size()));
  }
  view.strides = dense_strides(view.sizes);
  view.storage = source.bytes.subspan(data_offset + begin, expected);
  checkpoint.tensors.emplace(name, make_tensor(view, source.owner));
  return {begin, begin + expected, name};
}

/// The format wants the data section filled without holes or overlaps.
void check_coverage(std::vector<DataRange> ranges, std::uint64_t data_size, const std::string& path) {
  std::sort(ranges.begin(), ranges.end(), [](const DataRange& a, const DataRange& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t position = 0;
  for (const DataRange& range : ranges) {
    if (range.begin != position) {
      throw ParseError(fmt::format("{}: the data of tensor {} {}; the file is corrupted", path,
                                   in_quotes(range.name, archive::kLongestName),
                                   range.begin < position ? "overlaps another tensor's" : "leaves a hole before it"));
    }
    position = range.end;
  }
  if (position != data_size) {
    throw ParseError(fmt::format("{}: {} bytes follow the data of the last tensor", path, data_size - position));
  }
}

}  // namespace

bool looks_like_safetensors(const archive::ByteSource& source) {
  return source.size() > kLengthSize && source.bytes[kLengthSize] == std::byte{'{'};
}

Checkpoint read_safetensors(const archive::ByteSource& source) {
  const auto header_size = source.read<std::uint64_t>(0, "header length");
  if (header_size > kMaxHeader) {
    throw ParseError(
        fmt::format("{}: the header length {} exceeds the limit of {}; not a safetensors file, or corrupted",
                    source.path, header_size, kMaxHeader));
  }
  const Json header = parse_header(source, archive::as_text(source.slice(kLengthSize, header_size, "header")));
  const std::size_t data_offset = kLengthSize + header_size;
  Checkpoint checkpoint;
  checkpoint.path = source.path;
  checkpoint.format = "safetensors";
  read_metadata(header, checkpoint);
  std::vector<DataRange> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name != kMetadataKey) ranges.push_back(read_tensor(source, data_offset, name, entry, checkpoint));
  }
  check_coverage(std::move(ranges), source.size() - data_offset, source.path);
  return checkpoint;
}

}  // namespace tilefold::weights
