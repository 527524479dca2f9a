// What the targets of text formats share: whatever the bytes, a consistent value or one typed error of one line.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::fuzz {

/// Calls `parse(text)` and checks the error it may throw.
template <typename ErrorType, typename Parse>
int run_text_target(const std::uint8_t* data, std::size_t size, const Parse& parse) {
  try {
    parse(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const ErrorType& error) {
    if (dynamic_cast<const InputError*>(&error) != nullptr) return 0;  // several errors, one line each
    if (std::string_view(error.what()).find_first_of("\r\n") != std::string_view::npos) std::abort();
  }
  return 0;
}

/// A job of a file named `name`, and its features where they need no further files.
inline int run_job_target(const std::uint8_t* data, std::size_t size, const char* name) {
  return run_text_target<Error>(data, size, [&](std::string_view text) {
    Diagnostics diagnostics;
    const bio::Job job = bio::parse_input_text(text, name, diagnostics);
    for (const bio::Entity& entity : job.entities) {
      if (entity.chains.empty()) std::abort();
      if (entity.sequence.empty() && entity.components.empty() && entity.smiles.empty()) std::abort();
      if (entity.msa.kind == bio::MsaSource::Kind::file) return;  // would read files
    }
    if (!job.templates.empty() || text.size() >= 4096) return;
    bio::featurize(build_complex(job, bio::default_components(), {}, diagnostics), {}, diagnostics);
  });
}

/// An alignment as `parse` reads it, with at most `max_rows` rows.
template <typename Parse>
int run_msa_target(const std::uint8_t* data, std::size_t size, std::size_t max_rows, const Parse& parse) {
  return run_text_target<ParseError>(data, size, [&](std::string_view text) {
    const bio::Msa msa = parse(text);
    if (msa.rows.empty() || msa.rows.size() > max_rows) std::abort();
    if (static_cast<std::int64_t>(msa.residues.size()) != msa.columns * static_cast<std::int64_t>(msa.rows.size())) {
      std::abort();
    }
    for (const auto& deletion : msa.deletions) {
      if (deletion.column < 0 || deletion.column >= msa.columns || deletion.count < 1) std::abort();
    }
  });
}

}  // namespace tilefold::fuzz
