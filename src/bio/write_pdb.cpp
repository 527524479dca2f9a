#include <fmt/format.h>

#include <cmath>

#include "bio/model_checks.h"

namespace tilefold::bio {
namespace {

constexpr std::size_t kColumns = 80;

/// Every ligand is "LIG", as in the reference. Residue names have three columns; longer component codes are cut, as the
/// format demands.
std::string residue_name(const Chain& chain, const Residue& residue) {
  return chain.type == ChainType::nonpolymer ? "LIG" : residue.name.substr(0, 3);
}

void check_format_limits(const Complex& complex) {
  const Structure& structure = complex.structure;
  if (structure.atoms.size() + structure.chains.size() > 99'999) {
    throw UnsupportedError(fmt::format("'{}': {} atoms do not fit the PDB format; use --output_format mmcif",
                                       complex.id, structure.atoms.size()));
  }
  for (const Chain& chain : structure.chains) {
    if (chain.name.size() != 1 || chain.residue_count > 9'999) {
      throw UnsupportedError(
          fmt::format("'{}': chain '{}' ({} residues) does not fit the PDB format (one character, 9999 residues); use "
                      "--output_format mmcif",
                      complex.id, chain.name, chain.residue_count));
    }
  }
}

std::string coordinate_text(float value, const Complex& complex) {
  std::string text = fmt::format("{:>8.3f}", value);
  if (text.size() > 8) {
    throw UnsupportedError(fmt::format("'{}': coordinate {} does not fit the PDB format", complex.id, text));
  }
  return text;
}

/// The lines of a structure, each padded to 80 columns.
class PdbWriter {
 public:
  PdbWriter(const Complex& complex, const ModelCoordinates& model)
      : complex_(complex), model_(model), b_factors_(atom_b_factors(complex, model)) {
    serials_.resize(complex.structure.atoms.size());
  }

  std::string write() {
    for (const Chain& chain : complex_.structure.chains) {
      write_chain(chain);
      if (chain.asym_id + 1 < static_cast<std::int32_t>(complex_.structure.chains.size())) write_ter(chain);
    }
    for (const Bond& bond : complex_.structure.bonds) {
      add(fmt::format("CONECT{:>5}{:>5}", serials_[bond.atom_1], serials_[bond.atom_2]));
    }
    add("END");
    text_ += std::string(kColumns, ' ');
    return text_;
  }

 private:
  void add(std::string line) {
    line.resize(std::max(line.size(), kColumns), ' ');
    text_ += line + "\n";
  }
  void write_chain(const Chain& chain) {
    for (std::int32_t r = chain.residue_start; r < chain.residue_start + chain.residue_count; ++r) {
      const Residue& residue = complex_.structure.residues[r];
      for (std::int32_t a = residue.atom_start; a < residue.atom_start + residue.atom_count; ++a) {
        write_atom(chain, residue, static_cast<std::size_t>(a));
      }
    }
  }
  void write_atom(const Chain& chain, const Residue& residue, std::size_t index) {
    const Atom& atom = complex_.structure.atoms[index];
    const bool hetero = chain.type == ChainType::nonpolymer;
    const std::string name = atom.name.size() == 4 ? atom.name : " " + atom.name;
    std::string position;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      position += coordinate_text(model_.coordinates[3 * index + axis], complex_);
    }
    serials_[index] = next_serial_;
    add(fmt::format("{:<6}{:>5} {:<4} {:>3} {}{:>4}    {}{:>6.2f}{:>6.2f}          {:>2}", hetero ? "HETATM" : "ATOM",
                    next_serial_++, name, residue_name(chain, residue), chain.name, residue.index + 1, position, 1.0,
                    std::round(b_factors_[index] * 100.0) / 100.0, element_symbol(atom)));
  }
  void write_ter(const Chain& chain) {
    const Residue& last = complex_.structure.residues[chain.residue_start + chain.residue_count - 1];
    add(fmt::format("{:<6}{:>5}      {:>3} {}{:>4}", "TER", next_serial_++, residue_name(chain, last), chain.name,
                    last.index + 1));
  }

  const Complex& complex_;
  const ModelCoordinates& model_;
  std::vector<double> b_factors_;
  std::vector<int> serials_;
  int next_serial_ = 1;
  std::string text_;
};

}  // namespace

std::string to_pdb(const Complex& complex, const ModelCoordinates& model) {
  check_model(complex, model);
  check_format_limits(complex);
  return PdbWriter(complex, model).write();
}

}  // namespace tilefold::bio
