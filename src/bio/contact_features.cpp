// Features of pocket and contact constraints.
#include "bio/feature_parts.h"

namespace tilefold::bio {
namespace {

bool is_named(const Token& token, const TokenReference& reference) {
  return token.residue == reference.residue && (reference.atom < 0 || token.atom_start == reference.atom);
}

/// Tokens that are contacts of a pocket, ascending.
std::vector<std::int64_t> contacts_of(const Complex& complex, const Pocket& pocket) {
  std::vector<std::int64_t> tokens;
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    const Token& token = complex.tokens[t];
    if (std::any_of(pocket.contacts.begin(), pocket.contacts.end(),
                    [&](const TokenReference& contact) { return is_named(token, contact); })) {
      tokens.push_back(t);
    }
  }
  return tokens;
}

/// Classes and thresholds of all pairs; later constraints overwrite earlier ones.
class ContactTable {
 public:
  explicit ContactTable(const Complex& complex)
      : complex_(complex),
        count_(complex.num_tokens()),
        classes_(of_kind(ContactKind::unselected)),
        thresholds_(Tensor::zeros(Shape{count_, count_})) {}

  void add(const Pocket& pocket) {
    for (const std::int64_t contact : contacts_of(complex_, pocket)) {
      for (std::int64_t t = 0; t < count_; ++t) {
        if (complex_.tokens[t].chain == pocket.binder)
          set(t, contact, ContactKind::binder_to_pocket, pocket.max_distance);
      }
      for (std::int64_t t = 0; t < count_; ++t) {
        if (complex_.tokens[t].chain == pocket.binder)
          set(contact, t, ContactKind::pocket_to_binder, pocket.max_distance);
      }
    }
  }

  void add(const Contact& contact) {
    for (const std::int64_t first : find_tokens(complex_, contact.token_1)) {
      for (const std::int64_t second : find_tokens(complex_, contact.token_2)) {
        set(first, second, ContactKind::contact, contact.max_distance);
        set(second, first, ContactKind::contact, contact.max_distance);
      }
    }
  }

  void finish(Features& features) && {
    if (!changed_) classes_ = of_kind(ContactKind::unspecified);
    features.tensors.insert_or_assign("contact_conditioning.index", std::move(classes_));
    features.tensors.insert_or_assign("contact_threshold", std::move(thresholds_));
  }

 private:
  Tensor of_kind(ContactKind kind) const {
    return Tensor::full(Shape{count_, count_}, static_cast<double>(kind), DType::int32);
  }

  void set(std::int64_t first, std::int64_t second, ContactKind kind, float threshold) {
    classes_.mutable_data<std::int32_t>()[first * count_ + second] = static_cast<std::int32_t>(kind);
    thresholds_.mutable_data<float>()[first * count_ + second] = threshold;
    changed_ = true;
  }

  const Complex& complex_;
  std::int64_t count_;
  Tensor classes_;
  Tensor thresholds_;
  bool changed_ = false;
};

/// Atom pairs of forced constraints. Pairs of one union count as satisfied when one of them is.
struct PairTable {
  std::vector<std::int32_t> first;
  std::vector<std::int32_t> second;
  std::vector<std::int32_t> unions;
  std::vector<float> thresholds;
  std::int32_t num_unions = 0;

  /// One union: all atoms of a range with all atoms of a token, the first varying slowest.
  void add(std::int32_t start, std::int32_t count, const Token& token, float threshold) {
    for (std::int32_t i = start; i < start + count; ++i) {
      for (std::int32_t j = token.atom_start; j < token.atom_start + token.atom_count; ++j) {
        first.push_back(i);
        second.push_back(j);
        unions.push_back(num_unions);
        thresholds.push_back(threshold);
      }
    }
    ++num_unions;
  }
};

PairTable forced_pairs(const Complex& complex) {
  PairTable table;
  for (const Pocket& pocket : complex.pockets) {
    if (!pocket.force) continue;
    const Chain& binder = complex.structure.chains[pocket.binder];
    for (const std::int64_t contact : contacts_of(complex, pocket))
      table.add(binder.atom_start, binder.atom_count, complex.tokens[contact], pocket.max_distance);
  }
  for (const Contact& contact : complex.contacts) {
    if (!contact.force) continue;
    for (const std::int64_t first : find_tokens(complex, contact.token_1)) {
      const Token& token = complex.tokens[first];
      for (const std::int64_t second : find_tokens(complex, contact.token_2))
        table.add(token.atom_start, token.atom_count, complex.tokens[second], contact.max_distance);
    }
  }
  return table;
}

}  // namespace

std::vector<std::int64_t> find_tokens(const Complex& complex, const TokenReference& reference) {
  std::vector<std::int64_t> found;
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    if (is_named(complex.tokens[t], reference)) found.push_back(t);
  }
  return found;
}

void add_contact_features(const Complex& complex, Features& features) {
  ContactTable table(complex);
  for (const Pocket& pocket : complex.pockets) table.add(pocket);
  for (const Contact& contact : complex.contacts) table.add(contact);
  std::move(table).finish(features);
}

void add_forced_contact_features(const Complex& complex, Features& features) {
  PairTable table = forced_pairs(complex);
  const auto count = static_cast<std::int64_t>(table.first.size());
  std::vector<std::int32_t> pairs = std::move(table.first);
  pairs.insert(pairs.end(), table.second.begin(), table.second.end());
  features.tensors.insert_or_assign("contact_pair_index", Tensor::from_data(Shape{2, count}, pairs));
  features.tensors.insert_or_assign("contact_union_index", Tensor::from_data(Shape{count}, table.unions));
  features.tensors.insert_or_assign("contact_negation_mask", Tensor::full(Shape{count}, 1, DType::int32));
  features.tensors.insert_or_assign("contact_thresholds", Tensor::from_data(Shape{count}, table.thresholds));
}

}  // namespace tilefold::bio
