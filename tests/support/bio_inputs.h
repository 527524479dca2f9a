/// Inputs written in a test: parsed, built and featurized, with everything that was refused thrown.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tilefold/bio.h"

namespace tilefold::bio {

inline Job job_of(std::string_view text, Diagnostics& diagnostics, const std::filesystem::path& source = "x.yaml") {
  Job job = parse_input_text(text, source, diagnostics);
  diagnostics.throw_if_refused();
  return job;
}

inline Job job_of(std::string_view text, const std::filesystem::path& source = "x.yaml") {
  Diagnostics diagnostics;
  return job_of(text, diagnostics, source);
}

inline Complex complex_of(const Job& job, const ComplexOptions& options = {}) {
  Diagnostics diagnostics;
  return build_complex(job, default_components(), options, diagnostics);
}

inline Complex complex_of(std::string_view text, const std::filesystem::path& source = "x.yaml") {
  return complex_of(job_of(text, source));
}

inline Complex complex_of_file(const std::filesystem::path& path) {
  Diagnostics diagnostics;
  return build_complex(parse_input(path, diagnostics), default_components(), {}, diagnostics);
}

inline Features features_of(const Complex& complex, const FeaturizeOptions& options = {}) {
  Diagnostics diagnostics;
  return featurize(complex, options, diagnostics);
}

inline Msa a3m_of(std::string_view text, std::int64_t max_rows) {
  Diagnostics diagnostics;
  return parse_a3m(text, "x.a3m", max_rows, diagnostics);
}

inline Msa msa_of_file(const std::filesystem::path& path) {
  Diagnostics diagnostics;
  return read_msa(path, 10, diagnostics);
}

}  // namespace tilefold::bio
