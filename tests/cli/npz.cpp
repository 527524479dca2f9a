#include "cli/npz.h"

#include <cstring>
#include <regex>
#include <stdexcept>

#include "archive/byte_source.h"
#include "archive/zip_archive.h"

namespace tilefold::cli_test {
namespace {

Tensor parse_npy(std::string_view bytes) {
  if (!bytes.starts_with("\x93NUMPY\x01") || bytes.size() < 10) throw std::runtime_error("not an npy array");
  const std::size_t header_size =
      static_cast<unsigned char>(bytes[8]) + 256U * static_cast<std::size_t>(static_cast<unsigned char>(bytes[9]));
  const std::string header(bytes.substr(10, header_size));
  const std::string_view data = bytes.substr(10 + header_size);
  std::smatch fields;
  const std::regex pattern(R"(\{'descr': '<f4', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \} *\n)");
  if (!std::regex_match(header, fields, pattern)) throw std::runtime_error("unexpected npy header: " + header);
  std::vector<std::int64_t> sizes;
  const std::string list = fields[1];
  const std::regex number("[0-9]+");
  for (std::sregex_iterator found(list.begin(), list.end(), number), end; found != end; ++found) {
    sizes.push_back(std::stoll(found->str()));
  }
  Tensor tensor = Tensor::empty(Shape(sizes));
  if (tensor.bytes() != data.size()) throw std::runtime_error("npy data has another size than its shape says");
  std::memcpy(tensor.mutable_data<float>().data(), data.data(), data.size());
  return tensor;
}

}  // namespace

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path) {
  const archive::ZipArchive archive(archive::map_file(path));
  std::map<std::string, Tensor> arrays;
  for (const auto& member : archive.members()) {
    std::string buffer;
    const std::string_view bytes = archive.read(member, std::size_t{1} << 30, buffer);
    archive.verify(member, std::as_bytes(std::span(bytes)));
    std::string name(member.name);
    if (!name.ends_with(".npy")) throw std::runtime_error("unexpected member " + name);
    arrays[name.substr(0, name.size() - 4)] = parse_npy(bytes);
  }
  return arrays;
}

}  // namespace tilefold::cli_test
