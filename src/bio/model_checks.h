/// Checks that writers share.
#pragma once

#include "tilefold/output.h"

namespace tilefold::bio {

/// Throws TypeError when coordinates or confidence values do not fit the complex, ValueError when a number is not
/// finite.
void check_model(const Complex& complex, const ModelCoordinates& model);

/// pLDDT x 100 of the token that holds each atom; 100 for every atom when the model has no confidence.
std::vector<double> atom_b_factors(const Complex& complex, const ModelCoordinates& model);

/// "C", "N", "SE": the element symbol in upper case.
std::string element_symbol(const Atom& atom);

}  // namespace tilefold::bio
