// jit: structures of tensors and plain values as arguments and results.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>

#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace tilefold {
namespace {

using Floats = std::vector<float>;

Tensor floats(const Floats& values) {
  return Tensor::from_data<float>({static_cast<std::int64_t>(values.size())}, values);
}

struct Affine {
  Tensor scale;
  Tensor shift;
};

enum class Kind { sum, product };

struct Layer {
  Affine affine;
  Kind kind = Kind::sum;
  Tensor gate;
  double factor = 1;
};

Tensor apply_layer(const Tensor& x, const Layer& layer) {
  Tensor y = x * layer.affine.scale;
  if (layer.affine.shift.defined()) y = layer.kind == Kind::sum ? y + layer.affine.shift : y * layer.affine.shift;
  return y * layer.gate * layer.factor;
}

Layer example(float scale) { return {{floats({scale}), floats({3})}, Kind::sum, floats({10}), 1}; }

TEST(JitStructures, TensorsInThemAreArgumentsAndPlainFieldsPartOfTheKey) {
  const auto function = jit(apply_layer);
  const Tensor x = floats({2});
  EXPECT_EQ(function(x, example(5)).item(), 130);
  EXPECT_EQ(function(x, example(6)).item(), 150);
  EXPECT_EQ(function.statistics().misses, 1U) << "only values of tensors differ";

  Layer other = example(5);
  other.kind = Kind::product;
  EXPECT_EQ(function(x, other).item(), 300);
  other.factor = 0.5;
  EXPECT_EQ(function(x, other).item(), 150);
  EXPECT_EQ(function.statistics().misses, 3U);
  EXPECT_EQ(function.statistics().hits, 1U);
}

TEST(JitStructures, AnUndefinedFieldIsUndefinedInTheFunction) {
  const auto function = jit(apply_layer);
  Layer layer = example(5);
  EXPECT_EQ(function(floats({2}), layer).item(), 130);
  layer.affine.shift = {};
  EXPECT_EQ(function(floats({2}), layer).item(), 100);
  EXPECT_EQ(function(floats({4}), layer).item(), 200);
  EXPECT_EQ(function.statistics().misses, 2U);
}

TEST(JitStructures, WhichTensorIsUndefinedIsPartOfTheKey) {
  const auto function =
      jit([](const Affine& affine) { return affine.scale.defined() ? affine.scale * 2.0 : affine.shift + 1.0; });
  EXPECT_EQ(function(Affine{floats({5}), {}}).item(), 10);
  EXPECT_EQ(function(Affine{{}, floats({5})}).item(), 6);
}

TEST(JitStructures, ListsOptionalsTuplesAndArraysOfThem) {
  struct Stack {
    std::vector<Layer> layers;
    std::optional<Affine> last;
    std::pair<Tensor, int> bias;
    std::array<Tensor, 2> pair;
    std::string activation;
  };
  const auto function = jit([](const Tensor& x, const Stack& stack) {
    Tensor y = x;
    for (const Layer& layer : stack.layers) y = apply_layer(y, layer);
    if (stack.last) y = y * stack.last->scale - stack.last->shift;
    y = y + stack.bias.first * static_cast<double>(stack.bias.second) + stack.pair[0] * stack.pair[1];
    return stack.activation == "relu" ? ops::relu(y) : y;
  });
  const Tensor x = floats({1});
  Stack stack{{example(1)}, std::nullopt, {floats({1}), 2}, {floats({3}), floats({4})}, ""};
  EXPECT_EQ(function(x, stack).item(), 40 + 2 + 12);
  stack.layers.push_back(example(2));
  EXPECT_EQ(function(x, stack).item(), 830 + 2 + 12);
  stack.last = Affine{floats({1}), floats({1000})};
  EXPECT_EQ(function(x, stack).item(), -170 + 2 + 12);
  stack.activation = "relu";
  EXPECT_EQ(function(x, stack).item(), 0);
  stack.activation = "";
  stack.bias.second = 3;
  EXPECT_EQ(function(x, stack).item(), -170 + 3 + 12);
  EXPECT_EQ(function.statistics().misses, 5U);
  stack.last->shift = floats({0});
  stack.pair[1] = floats({0});
  EXPECT_EQ(function(x, stack).item(), 830 + 3);
  EXPECT_EQ(function.statistics().misses, 5U);
}

// The tensors of both arguments are the same; where one list ends and the other begins is not.
TEST(JitStructures, LengthsOfListsArePartOfTheKey) {
  const auto function = jit([](const std::vector<Tensor>& added, const std::vector<Tensor>& subtracted) {
    Tensor sum = Tensor::zeros({1});
    for (const Tensor& tensor : added) sum = sum + tensor;
    for (const Tensor& tensor : subtracted) sum = sum - tensor;
    return sum;
  });
  const Tensor one = floats({1});
  const Tensor ten = floats({10});
  using List = std::vector<Tensor>;
  EXPECT_EQ(function(List{one, ten}, List{}).item(), 11);
  EXPECT_EQ(function(List{one}, List{ten}).item(), -9);
  EXPECT_EQ(function(List{}, List{one, ten}).item(), -11);
}

struct Statistics {
  Tensor mean;
  Affine nested;
  std::vector<Tensor> powers;
  std::optional<Tensor> root;
  std::vector<Affine> layers;
  int count = 0;
  std::string name;
};

TEST(JitStructures, ResultsKeepTheirFormInEveryCall) {
  const auto function = jit([](const Tensor& x, int powers, bool with_root) {
    Statistics result;
    result.mean = ops::mean(x, {0});
    result.nested.shift = x + 1.0;  // nested.scale is not defined
    result.powers = {Tensor(), x};
    for (int i = 1; i < powers; ++i) result.powers.push_back(result.powers.back() * x);
    if (with_root) result.root = ops::sqrt(x);
    result.layers = {{x, x * 2.0}, {Tensor(), x * 3.0}};
    result.count = powers;
    result.name = with_root ? "with root" : "without root";
    return result;
  });
  for (const float value : {4.0F, 9.0F}) {
    const Tensor x = floats({value, value});
    const Statistics result = function(x, 2, true);
    EXPECT_EQ(result.mean.item(), value);
    EXPECT_FALSE(result.nested.scale.defined());
    EXPECT_EQ(result.nested.shift.to_floats(), (Floats{value + 1, value + 1}));
    ASSERT_EQ(result.powers.size(), 3U);
    EXPECT_FALSE(result.powers[0].defined());
    EXPECT_EQ(result.powers[2].to_floats()[1], value * value);
    ASSERT_TRUE(result.root.has_value());
    EXPECT_FLOAT_EQ(result.root->to_floats()[0], std::sqrt(value));
    ASSERT_EQ(result.layers.size(), 2U);
    EXPECT_EQ(result.layers[0].shift.to_floats()[0], 2 * value);
    EXPECT_FALSE(result.layers[1].scale.defined());
    EXPECT_EQ(result.layers[1].shift.to_floats()[0], 3 * value);
    EXPECT_EQ(result.count, 2);
    EXPECT_EQ(result.name, "with root");
  }
  EXPECT_EQ(function.statistics().misses, 1U);
  EXPECT_EQ(function.statistics().hits, 1U);
  const Statistics other = function(floats({4, 4}), 1, false);
  EXPECT_EQ(other.powers.size(), 2U);
  EXPECT_FALSE(other.root.has_value());
  EXPECT_EQ(other.name, "without root");
}

TEST(JitStructures, TheWholeResultMustBeDefined) {
  const auto list = jit([](const Tensor& x) { return std::vector<Tensor>{Tensor(), x}; });
  EXPECT_FALSE(list(floats({1}))[0].defined());
  EXPECT_EQ(list(floats({1}))[1].item(), 1);
  const auto nothing = jit([](const Tensor&) { return Tensor(); }, {.name = "nothing"});
  try {
    nothing(floats({1}));
    FAIL() << "an undefined result was accepted";
  } catch (const TypeError& error) {
    EXPECT_STREQ(error.what(), "'nothing' returns an undefined tensor");
  }
}

struct Point {
  Tensor x;
  Tensor y;
};

// A generic function may do different things with types that look alike, and give other results.
TEST(JitStructures, TypesOfArgumentsArePartOfTheKey) {
  const auto function = jit([](const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Affine>) {
      return Affine{value.shift, value.scale};
    } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Point>) {
      return value.x + value.y;
    } else {
      return std::vector<Tensor>{Tensor::full({1}, std::is_same_v<std::decay_t<decltype(value)>, bool> ? 1 : 2)};
    }
  });
  const Tensor one = floats({1});
  const Tensor two = floats({2});
  EXPECT_EQ(function(Affine{one, two}).scale.item(), 2);
  EXPECT_EQ(function(Point{one, two}).item(), 3);
  EXPECT_EQ(function(true)[0].item(), 1);
  EXPECT_EQ(function(1)[0].item(), 2);
  EXPECT_EQ(function.statistics().misses, 4U);
}

TEST(JitStructures, NestedFunctionsAndOperationsOneByOne) {
  const auto inner = jit([](const Tensor& x, const Affine& affine) {
    return Affine{x * affine.scale, affine.shift.defined() ? x + affine.shift : Tensor()};
  });
  const auto outer = [&](const Tensor& x, const Affine& affine) {
    const Affine once = inner(x, affine);
    return once.shift.defined() ? once.scale + once.shift : once.scale;
  };
  const auto captured = jit(outer);
  const auto eager = jit(outer, {.graph_capture = false});
  const Tensor x = floats({2});
  for (int call = 0; call < 2; ++call) {
    EXPECT_EQ(captured(x, Affine{floats({5}), {}}).item(), 10);
    EXPECT_EQ(captured(x, Affine{floats({5}), floats({1})}).item(), 13);
    EXPECT_EQ(eager(x, Affine{floats({5}), floats({1})}).item(), 13);
  }
  EXPECT_EQ(captured.statistics().misses, 2U);
}

TEST(JitStructures, OneSymbolicProgramServesEveryLength) {
  const auto function =
      jit([](const Affine& affine) { return Affine{affine.scale + affine.shift, affine.scale - affine.shift}; },
          {.symbolic = true});
  for (const std::int64_t length : {3, 8, 40}) {
    const Affine result = function(Affine{Tensor::full({length, 2}, 5), Tensor::full({length, 2}, 3)});
    EXPECT_EQ(result.scale.shape(), (Shape{length, 2}));
    EXPECT_EQ(result.scale.to_floats().back(), 8);
    EXPECT_EQ(result.shift.to_floats().back(), 2);
  }
  EXPECT_EQ(function.statistics().misses, 1U);
}

TEST(JitStructures, EveryNumberOfFieldsUpToSixteen) {
  struct Empty {};
  struct One {
    Affine a;
  };
  struct Sixteen {
    Tensor a, b, c, d, e, f, g, h, i, j, k, l, m, n, o;
    std::vector<Tensor> p;
  };
  static_assert(detail::field_count<Empty>() == 0);
  static_assert(detail::field_count<One>() == 1);
  static_assert(detail::field_count<Layer>() == 4);
  static_assert(detail::field_count<Statistics>() == 7);
  static_assert(detail::field_count<Sixteen>() == 16);
  const auto function = jit([](const Sixteen& s, const Empty&, const One& one) {
    return Sixteen{s.p[0], s.o, s.n, s.m, s.l, s.k, s.j, s.i, s.h, s.g, s.f, s.e, s.d, s.c, s.b, {s.a, one.a.scale}};
  });
  Sixteen numbers;
  float next = 0;
  detail::visit_tensors(numbers, [&](Tensor& tensor) { tensor = floats({next++}); });
  EXPECT_EQ(next, 15) << "the list is empty";
  numbers.p = {floats({15})};
  const Sixteen reversed = function(numbers, Empty{}, One{{floats({-1}), {}}});
  next = 15;
  detail::visit_tensors(reversed, [&](const Tensor& tensor) { EXPECT_EQ(tensor.item(), next--); });
  EXPECT_EQ(next, -2);
}

}  // namespace
}  // namespace tilefold
