/// From an input file to the features the model reads: jobs, components, structure tables, tokens, features.
///
///   for (const auto& path : bio::list_inputs(argument)) {
///     Diagnostics diagnostics;
///     bio::Job job = bio::parse_input(path, diagnostics);
///     bio::Complex complex = bio::build_complex(job, bio::default_components(), {}, diagnostics);
///     bio::Features features = bio::featurize(complex, {.seed = 7}, diagnostics);
///   }
///
/// Malformed files raise ParseError, unsupported requests UnsupportedError, unreadable files IoError; every message is
/// one line that names the file, the place in it and the key.
#pragma once

#include "tilefold/bio/complex.h"
#include "tilefold/bio/component.h"
#include "tilefold/bio/features.h"
#include "tilefold/bio/job.h"
#include "tilefold/bio/msa.h"
#include "tilefold/bio/template.h"
#include "tilefold/diagnostics.h"
