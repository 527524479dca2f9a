#include "tilefold/shape.h"

#include "tilefold/error.h"

namespace tilefold {

int Shape::normalized_axis(int axis) const {
  const int normalized = axis < 0 ? axis + rank() : axis;
  if (normalized < 0 || normalized >= rank()) {
    throw ValueError("axis " + std::to_string(axis) + " is out of range for shape " + to_string());
  }
  return normalized;
}

const Dim& Shape::dim(int axis) const { return dims_[static_cast<std::size_t>(normalized_axis(axis))]; }

void Shape::set(int axis, Dim dim) { dims_[static_cast<std::size_t>(normalized_axis(axis))] = std::move(dim); }

bool Shape::is_static() const {
  for (const Dim& dim : dims_) {
    if (!dim.is_static()) return false;
  }
  return true;
}

std::vector<std::int64_t> Shape::sizes() const {
  std::vector<std::int64_t> sizes;
  sizes.reserve(dims_.size());
  for (const Dim& dim : dims_) sizes.push_back(dim.value());
  return sizes;
}

Dim Shape::volume() const {
  Dim product(1);
  for (const Dim& dim : dims_) product = product * dim;
  return product;
}

Shape Shape::evaluate(const SymbolBindings& bindings) const {
  std::vector<Dim> dims;
  dims.reserve(dims_.size());
  for (const Dim& dim : dims_) dims.emplace_back(dim.evaluate(bindings));
  return Shape(std::move(dims));
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (std::size_t i = 0; i < dims_.size(); ++i) {
    if (i != 0) text += ", ";
    text += dims_[i].to_string();
  }
  return text + "]";
}

}  // namespace tilefold
