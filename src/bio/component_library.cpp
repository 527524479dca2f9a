// Look-up of components: a user's file, the molecules of a Boltz cache, the table built with Tilefold.
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "bio/component_checks.h"
#include "bio/component_cif.h"
#include "bio/component_pickle.h"
#include "bio/component_similar.h"
#include "bio/component_table.h"
#include "bio/text.h"
#include "tensor/library_folder.h"
#include "tilefold/bio/component.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr const char* kTableName = "components.tfc";
constexpr const char* kTableVariable = "TILEFOLD_COMPONENTS";
constexpr std::string_view kPickleSuffix = ".pkl";
constexpr std::uint64_t kMaxPickleBytes = std::uint64_t{1} << 28;
constexpr std::uint64_t kMaxUserFileBytes = std::uint64_t{1} << 26;

using ComponentMap = std::map<std::string, std::shared_ptr<const Component>, std::less<>>;

ComponentMap read_user_file(const std::filesystem::path& path) {
  ComponentMap result;
  for (Component& component : parse_component_cif(read_text_file(path, kMaxUserFileBytes), path.string())) {
    std::string code = component.code;
    result.emplace(std::move(code), std::make_shared<const Component>(std::move(component)));
  }
  return result;
}

}  // namespace

struct ComponentLibrary::State {
  ComponentSources sources;
  ComponentMap user;
  std::optional<ComponentTable> table;
  std::mutex mutex;
  ComponentMap found;  ///< guarded by the mutex

  std::shared_ptr<const Component> load(const std::string& code) const {
    if (const auto own = user.find(code); own != user.end()) return own->second;
    if (auto stored = load_molecule(code)) return stored;
    if (!table) return nullptr;
    auto component = table->find(code);
    return component ? std::make_shared<const Component>(std::move(*component)) : nullptr;
  }

  std::shared_ptr<const Component> load_molecule(const std::string& code) const {
    if (!sources.molecules) return nullptr;
    const std::filesystem::path path = *sources.molecules / (code + std::string(kPickleSuffix));
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return nullptr;
    const std::string bytes = read_text_file(path, kMaxPickleBytes);
    return std::make_shared<const Component>(parse_component_pickle(bytes, code, path.string()));
  }

  void show_molecules(NearestCodes& nearest) const {
    if (!sources.molecules) return;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(*sources.molecules, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() == kPickleSuffix) nearest.add(entry->path().stem().string());
    }
  }
};

ComponentLibrary::ComponentLibrary(ComponentSources sources) : state_(std::make_unique<State>()) {
  if (sources.user_file) state_->user = read_user_file(*sources.user_file);
  if (sources.molecules) {
    std::error_code error;
    if (!std::filesystem::is_directory(*sources.molecules, error)) {
      throw IoError(fmt::format("cannot read the folder of molecules {}: it is not a folder",
                                in_quotes(sources.molecules->string())));
    }
  }
  if (sources.table) state_->table = ComponentTable::open(*sources.table);
  state_->sources = std::move(sources);
}

ComponentLibrary::~ComponentLibrary() = default;

std::shared_ptr<const Component> ComponentLibrary::find(std::string_view code) const {
  if (!is_component_code(code)) return nullptr;
  {
    const std::lock_guard lock(state_->mutex);
    if (const auto known = state_->found.find(code); known != state_->found.end()) return known->second;
  }
  const std::string name(code);
  auto component = state_->load(name);
  if (component == nullptr) return nullptr;
  // When two threads have loaded the same component, both get the first one's.
  const std::lock_guard lock(state_->mutex);
  return state_->found.emplace(name, std::move(component)).first->second;
}

std::vector<std::string> ComponentLibrary::similar(std::string_view code, std::size_t count) const {
  NearestCodes nearest(code, count);
  for (const auto& [own, component] : state_->user) nearest.add(own);
  state_->show_molecules(nearest);
  if (state_->table) {
    for (std::size_t i = 0; i < state_->table->size(); ++i) nearest.add(state_->table->code(i));
  }
  return nearest.codes();
}

std::filesystem::path component_table_path() {
  std::error_code error;
  if (const char* named = std::getenv(kTableVariable); named != nullptr && *named != '\0') {
    if (std::filesystem::is_regular_file(named, error)) return named;
    throw IoError(fmt::format("no component table at {}, which {} names", in_quotes(named), kTableVariable));
  }
  const std::filesystem::path folder = library_folder();
  const std::array<std::filesystem::path, 3> places = {folder / kTableName,
                                                       folder / ".." / "share" / "tilefold" / kTableName,
                                                       folder / ".." / ".." / "share" / "tilefold" / kTableName};
  std::string looked_for;
  for (const std::filesystem::path& place : places) {
    const std::filesystem::path path = place.lexically_normal();
    if (std::filesystem::is_regular_file(path, error)) return path;
    looked_for += (looked_for.empty() ? "" : ", ") + path.string();
  }
  throw IoError(fmt::format("the component table is missing; looked for {} (set {} to name another file)", looked_for,
                            kTableVariable));
}

const ComponentLibrary& default_components() {
  static const ComponentLibrary library(
      ComponentSources{.user_file = {}, .molecules = {}, .table = component_table_path()});
  return library;
}

}  // namespace tilefold::bio
