/// Small structure files for tests: chains with an ideal, stretched backbone along the x axis.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace tilefold::bio {

struct TestAtom {
  std::string name;
  std::array<double, 3> position;
  std::string alternative = ".";
};

struct TestResidue {
  std::string name;
  int number = 1;
  std::vector<TestAtom> atoms;
  char insertion = ' ';
  bool hetero = false;
};

/// Position of an atom of the residue at `place` (from 0) of a chain at height z.
inline std::array<double, 3> backbone_position(const std::string& atom, int place, double z = 0) {
  const double x = 3.8 * place;
  if (atom == "N") return {x, 0, z};
  if (atom == "CA") return {x + 1.4, 0.5, z};
  if (atom == "C") return {x + 2.5, 0, z};
  if (atom == "O") return {x + 2.6, -1.2, z};
  return {x + 1.4, 1.5, z + 1.0};  // CB
}

/// A residue with the given atoms; its number is its place from 1.
inline TestResidue make_residue(const std::string& name, int place, double z = 0,
                                const std::vector<std::string>& atoms = {"N", "CA", "C", "O", "CB"}) {
  TestResidue residue{name, place + 1, {}};
  for (const std::string& atom : atoms) {
    if (atom == "CB" && name == "GLY") continue;
    residue.atoms.push_back({atom, backbone_position(atom, place, z)});
  }
  return residue;
}

/// Residues without a gap.
inline std::vector<TestResidue> make_chain(const std::vector<std::string>& names, double z = 0) {
  std::vector<TestResidue> chain;
  for (const std::string& name : names) chain.push_back(make_residue(name, static_cast<int>(chain.size()), z));
  return chain;
}

inline std::string element_of_test_atom(const std::string& atom) {
  return atom == "SE" || atom == "ZN" ? atom : atom.substr(0, 1);
}

/// An mmCIF file. Every chain has an entity of its own; author's chain names are given apart from label_asym_id.
class CifText {
 public:
  /// Adds a polymer. An empty `sequence` is not written.
  CifText& polymer(const std::string& label, const std::string& author, const std::vector<std::string>& sequence,
                   const std::vector<TestResidue>& residues, const std::string& type = "polypeptide(L)") {
    const int entity = add_entity(label, "polymer");
    polymers_ += fmt::format("{} '{}'\n", entity, type);
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      sequences_ += fmt::format("{} {} {}\n", entity, i + 1, sequence[i]);
    }
    return atoms(label, author, residues, entity);
  }
  CifText& molecule(const std::string& label, const std::string& author, const TestResidue& residue,
                    const std::string& type = "non-polymer") {
    return atoms(label, author, {residue}, add_entity(label, type));
  }
  /// Adds atoms alone, for example those of a second model.
  CifText& atoms(const std::string& label, const std::string& author, const std::vector<TestResidue>& residues,
                 int entity, int model = 1) {
    for (const TestResidue& residue : residues) {
      for (const TestAtom& atom : residue.atoms) {
        atoms_ += fmt::format("{} {} {} {} {} {} {} {} {} {:.3f} {:.3f} {:.3f} {} {} {}\n",
                              residue.hetero ? "HETATM" : "ATOM", ++serial_, element_of_test_atom(atom.name), atom.name,
                              atom.alternative, residue.name, label, entity,
                              residue.insertion == ' ' ? '?' : residue.insertion, atom.position[0], atom.position[1],
                              atom.position[2], residue.number, author, model);
      }
    }
    return *this;
  }

  /// Without the categories that say what the chains are, as some programs write it.
  std::string atoms_only() const { return "data_TEST\n" + atom_table(); }
  std::string text() const {
    std::string text = "data_TEST\n";
    text += "loop_\n_entity.id\n_entity.type\n" + entities_;
    if (!polymers_.empty()) text += "loop_\n_entity_poly.entity_id\n_entity_poly.type\n" + polymers_;
    if (!sequences_.empty()) {
      text += "loop_\n_entity_poly_seq.entity_id\n_entity_poly_seq.num\n_entity_poly_seq.mon_id\n" + sequences_;
    }
    return text + "loop_\n_struct_asym.id\n_struct_asym.entity_id\n" + chains_ + atom_table();
  }

 private:
  int add_entity(const std::string& label, const std::string& type) {
    entities_ += fmt::format("{} {}\n", ++count_, type);
    chains_ += fmt::format("{} {}\n", label, count_);
    return count_;
  }
  std::string atom_table() const {
    std::string text = "loop_\n";
    for (const char* column : {"group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
                               "label_asym_id", "label_entity_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z",
                               "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"}) {
      text += fmt::format("_atom_site.{}\n", column);
    }
    return text + atoms_;
  }

  int count_ = 0;
  int serial_ = 0;
  std::string entities_, polymers_, sequences_, chains_, atoms_;
};

/// SEQRES records of a chain, filled up with spaces.
inline std::string seqres_text(char chain, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t first = 0; first < names.size(); first += 13) {
    std::string line = fmt::format("SEQRES {:3} {} {:4} ", first / 13 + 1, chain, names.size());
    for (std::size_t i = first; i < std::min(names.size(), first + 13); ++i) line += fmt::format(" {:>3}", names[i]);
    text += fmt::format("{:<80}\n", line);
  }
  return text;
}

/// ATOM or HETATM records of a chain.
inline std::string pdb_atoms(char chain, const std::vector<TestResidue>& residues) {
  std::string text;
  int serial = 0;
  for (const TestResidue& residue : residues) {
    for (const TestAtom& atom : residue.atoms) {
      const std::string element = element_of_test_atom(atom.name);
      const std::string name = element.size() == 1 ? " " + atom.name : atom.name;
      text += fmt::format("{:<6}{:5} {:<4}{}{:>3} {}{:4}{}   {:8.3f}{:8.3f}{:8.3f}  1.00 20.00          {:>2}  \n",
                          residue.hetero ? "HETATM" : "ATOM", ++serial, name,
                          atom.alternative == "." ? " " : atom.alternative, residue.name, chain, residue.number,
                          residue.insertion, atom.position[0], atom.position[1], atom.position[2], element);
    }
  }
  return text;
}

}  // namespace tilefold::bio
