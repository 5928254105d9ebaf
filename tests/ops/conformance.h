// Compares every operation of a backend with NaiveBackend, on shapes that challenge vector kernels. A test program
// defines backend_cases(), and includes this file and conformance_refusals.h once.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "ops/naive.h"

namespace daclip {

struct BackendCase {
  std::string name;                                // letters and digits
  std::function<std::unique_ptr<Backend>()> make;  // returns null if this machine cannot run it, which skips its tests
  double tolerance;                                // largest difference relative to the largest value
};

std::vector<BackendCase> backend_cases();

inline void PrintTo(const BackendCase& one, std::ostream* out) { *out << one.name; }

// One argument of an operation.
struct Input {
  Shape shape;
  bool is_weight = false;
  double spread = 1, centre = 0;
};

inline Input activation(Shape shape, double spread = 1, double centre = 0) {
  return {std::move(shape), false, spread, centre};
}
inline Input weight(Shape shape, double spread = 1, double centre = 0) {
  return {std::move(shape), true, spread, centre};
}

class Conformance : public testing::TestWithParam<BackendCase> {
 protected:
  using Tensors = std::vector<Tensor>;
  using Operation = std::function<Tensor(Backend&, const Tensors&)>;

  void SetUp() override {
    backend_ = GetParam().make();
    if (!backend_) GTEST_SKIP() << GetParam().name << " cannot run on this machine";
  }

  // Values that the backend's activations represent exactly, so that only the operation's error is measured.
  std::vector<float> random_values(const Input& input, uint64_t seed) const {
    Random random(seed);
    size_t count = 1;
    for (int64_t d : input.shape) count *= size_t(d);
    std::vector<float> values(count);
    const uint32_t mask = backend_->compute_dtype() == DType::bf16 ? 0xffff0000u : 0xffffffffu;
    for (float& v : values)
      v = std::bit_cast<float>(std::bit_cast<uint32_t>(float(input.centre + input.spread * random.normal())) & mask);
    return values;
  }

  Tensors tensors(Backend& backend, const std::vector<Input>& inputs) const {
    Tensors result;
    for (const Input& input : inputs) {
      const std::vector<float> values = random_values(input, result.size() + 1);
      result.push_back(input.is_weight ? backend.weight(values, input.shape)
                                       : backend.from_floats(values, input.shape));
    }
    return result;
  }

  // Runs the operation twice, because prepacked weights must be reusable, and compares it with the naive one.
  void compare(const std::vector<Input>& inputs, const Operation& operation) {
    std::string shapes;
    for (const Input& input : inputs) shapes += to_string(input.shape) + " ";
    SCOPED_TRACE(shapes);
    NaiveBackend naive;
    const Tensor expected = operation(naive, tensors(naive, inputs));
    const Tensors own = tensors(*backend_, inputs);
    for (int round = 0; round < 2; ++round) {
      const Tensor found = operation(*backend_, own);
      ASSERT_EQ(found.shape(), expected.shape());
      const std::vector<float> values = backend_->to_floats(found);
      const std::vector<double>& wanted = NaiveBackend::values(expected);
      double largest = 0, worst = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        ASSERT_TRUE(std::isfinite(values[i])) << "value " << i;
        largest = std::max(largest, std::abs(wanted[i]));
        worst = std::max(worst, std::abs(wanted[i] - double(values[i])));
      }
      EXPECT_LE(worst, GetParam().tolerance * largest + 1e-30) << "round " << round << ", largest value " << largest;
    }
  }

  void refuse(const std::vector<Input>& inputs, const Operation& operation) {
    EXPECT_THROW(operation(*backend_, tensors(*backend_, inputs)), ShapeError);
  }

  std::unique_ptr<Backend> backend_;
};

TEST_P(Conformance, conv2d_with_and_without_bias) {
  struct Case {
    Shape x, w;
    ConvOptions options;
  };
  const Case cases[] = {{{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
                        {{2, 5, 7, 3}, {17, 3, 3, 3}, {1, 1}},
                        {{1, 9, 6, 13}, {5, 13, 3, 3}, {2, 1}},
                        {{3, 8, 8, 16}, {32, 16, 1, 1}, {}},
                        {{1, 7, 7, 5}, {3, 5, 5, 5}, {1, 2}},
                        {{2, 11, 9, 2}, {7, 2, 7, 7}, {1, 3}},
                        {{1, 16, 12, 3}, {19, 3, 4, 4}, {4, 0}},
                        {{1, 8, 6, 12}, {24, 12, 2, 2}, {2, 0}},
                        {{1, 1, 5, 4}, {4, 4, 3, 3}, {1, 1}},
                        {{2, 6, 6, 11}, {23, 11, 1, 1}, {2, 0}},
                        {{1, 5, 8, 4}, {6, 4, 1, 3}, {1, 0}},
                        {{1, 6, 6, 3}, {8, 3, 3, 3}, {1, 2}},
                        {{1, 3, 3, 8}, {8, 8, 1, 1}, {1, 1}},
                        {{1, 19, 33, 64}, {64, 64, 3, 3}, {1, 1}},
                        {{1, 70, 91, 3}, {10, 3, 11, 11}, {4, 2}},
                        {{2, 17, 17, 9}, {12, 9, 1, 7}, {1, 0, 3}},
                        {{2, 9, 17, 12}, {9, 12, 7, 1}, {1, 3, 0}},
                        {{1, 8, 5, 6}, {7, 6, 3, 1}, {2, 1, 0}},
                        {{1, 4, 5, 3}, {5, 3, 1, 1}, {1, 0, 2}},
                        {{1, 13, 10, 16}, {32, 16, 3, 3}, {2, 0}},
                        // Many channels, 3x3, stride 1: fast algorithms divide the map into tiles.
                        {{2, 13, 10, 17}, {19, 17, 3, 3}, {}},
                        {{3, 8, 7, 40}, {33, 40, 3, 3}, {1, 1}},
                        {{1, 4, 61, 16}, {3, 16, 3, 3}, {1, 2}},
                        {{2, 6, 9, 530}, {70, 530, 3, 3}, {1, 1}},
                        {{1, 3, 50, 24}, {32, 24, 3, 3}, {}},
                        {{5, 18, 20, 24}, {16, 24, 3, 3}, {1, 1, 0}}};
  for (const Case& c : cases) {
    const auto with = [&](Backend& b, const Tensors& t) { return b.conv2d(t[0], t[1], t[2], c.options); };
    const auto without = [&](Backend& b, const Tensors& t) { return b.conv2d(t[0], t[1], Tensor(), c.options); };
    compare({activation(c.x), weight(c.w), weight({c.w[0]})}, with);
    compare({activation(c.x), weight(c.w)}, without);
  }
}

TEST_P(Conformance, conv2d_serves_changing_sizes_with_one_weight) {
  const auto operation = [](Backend& b, const Tensors& t) {
    const Tensor small = b.conv2d(t[0], t[2], t[3], {1, 1}), large = b.conv2d(t[1], t[2], t[3], {1, 1});
    const Tensor again = b.conv2d(t[0], t[2], t[3], {1, 1});
    const Tensor parts[] = {b.reshape(small, {1, small.numel()}), b.reshape(large, {1, large.numel()}),
                            b.reshape(again, {1, again.numel()})};
    return b.concat(parts, 1);
  };
  compare({activation({1, 4, 4, 24}), activation({2, 23, 17, 24}), weight({40, 24, 3, 3}), weight({40})}, operation);
}

TEST_P(Conformance, weights_can_be_read_back_after_use) {
  const auto operation = [](Backend& b, const Tensors& t) {
    b.linear(t[0], t[1], Tensor());
    return b.reshape(t[1], {3, 37});
  };
  compare({activation({5, 37}), weight({3, 37})}, operation);
  const auto convolution = [](Backend& b, const Tensors& t) {
    b.conv2d(t[0], t[1], Tensor(), {1, 1});
    return b.slice(t[1], 0, 1, 3);
  };
  compare({activation({1, 4, 4, 5}), weight({3, 5, 3, 3})}, convolution);
  compare({activation({1, 16, 16, 35}), weight({21, 35, 3, 3})}, convolution);
}

TEST_P(Conformance, depthwise_conv2d_with_and_without_bias) {
  const Shape maps[] = {{1, 1, 1, 1}, {2, 1, 5, 7}, {1, 6, 1, 16}, {1, 2, 2, 19}, {3, 9, 8, 33}, {1, 20, 31, 64}};
  for (const Shape& x : maps)
    for (int64_t k : {1, 3, 5, 7}) {
      const auto with = [](Backend& b, const Tensors& t) { return b.depthwise_conv2d(t[0], t[1], t[2]); };
      const auto without = [](Backend& b, const Tensors& t) { return b.depthwise_conv2d(t[0], t[1], Tensor()); };
      compare({activation(x), weight({x[3], 1, k, k}), weight({x[3]})}, with);
      compare({activation(x), weight({x[3], 1, k, k})}, without);
    }
}

TEST_P(Conformance, linear_with_and_without_bias) {
  const auto with = [](Backend& b, const Tensors& t) { return b.linear(t[0], t[1], t[2]); };
  const auto without = [](Backend& b, const Tensors& t) { return b.linear(t[0], t[1], Tensor()); };
  const std::pair<Shape, int64_t> cases[] = {
      {{1}, 1}, {{5}, 3}, {{1, 17}, 31}, {{2, 7, 64}, 192}, {{3, 1, 1, 13}, 26}, {{2, 50, 48}, 16}, {{300, 32}, 64}};
  for (const auto& [x, out] : cases) {
    compare({activation(x), weight({out, x.back()}), weight({out})}, with);
    compare({activation(x), weight({out, x.back()})}, without);
  }
}

TEST_P(Conformance, linear_with_gelu) {
  for (const auto& [x, out] : {std::pair<Shape, int64_t>{{5}, 3}, {{2, 7, 64}, 192}, {{300, 32}, 64}})
    compare({activation(x), weight({out, x.back()}), weight({out})},
            [](Backend& b, const Tensors& t) { return b.linear_gelu_tanh(t[0], t[1], t[2]); });
}

TEST_P(Conformance, matmul_plain_and_transposed) {
  const int64_t sizes[][4] = {{1, 1, 1, 1},   {2, 3, 5, 7},     {3, 17, 64, 33},
                              {1, 1, 64, 50}, {12, 50, 64, 50}, {2, 31, 1, 9}};
  for (const auto& [batch, m, k, n] : sizes) {
    compare({activation({batch, m, k}), activation({batch, k, n})},
            [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1]); });
    compare({activation({batch, m, k}), activation({batch, n, k})},
            [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1], true); });
    compare({activation({batch, m, k}), weight({batch, k, n})},
            [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1]); });
  }
}

TEST_P(Conformance, mix_positions_of_blocks_and_grids) {
  const std::pair<Shape, int64_t> cases[] = {{{1, 1, 1, 1}, 1},   {{1, 2, 2, 3}, 2},     {{2, 6, 9, 5}, 3},
                                             {{1, 8, 24, 17}, 8}, {{2, 16, 32, 32}, 16}, {{1, 48, 16, 33}, 16}};
  for (const auto& [x, side] : cases)
    for (const auto groups : {Backend::Groups::blocks, Backend::Groups::grid})
      compare({activation(x), weight({side * side, side * side}), weight({side * side})},
              [g = groups](Backend& b, const Tensors& t) { return b.mix_positions(t[0], t[1], t[2], g); });
}

TEST_P(Conformance, deform_conv2d_reads_between_the_pixels) {
  struct Case {
    Shape x;
    int64_t out, kernel;
    double spread;  // of the offsets, in pixels; large ones leave the map
  };
  for (const Case& c : {Case{{1, 1, 1, 1}, 1, 1, 1}, Case{{2, 5, 7, 3}, 4, 3, 1}, Case{{1, 9, 6, 17}, 5, 3, 6},
                        Case{{1, 60, 50, 8}, 8, 3, 2}, Case{{1, 7, 8, 2}, 3, 5, 3}}) {
    const int64_t taps = c.kernel * c.kernel, h = c.x[1], w = c.x[2];
    for (const bool bias : {false, true})
      compare({activation(c.x), activation({c.x[0], h, w, 2 * taps}, c.spread), activation({c.x[0], h, w, taps}),
               weight({c.out, c.x[3], c.kernel, c.kernel}), weight({c.out})},
              [bias](Backend& b, const Tensors& t) {
                return b.deform_conv2d(t[0], t[1], t[2], t[3], bias ? t[4] : Tensor());
              });
  }
}

TEST_P(Conformance, layer_norm_over_the_last_dimension) {
  const Shape shapes[] = {{1, 2}, {5}, {2, 3, 17}, {1, 4, 5, 64}, {2, 9, 7, 32}, {3, 50, 768}, {1, 200, 96}};
  for (const Shape& x : shapes) {
    compare({activation(x, 2, 3), weight({x.back()}), weight({x.back()})},
            [](Backend& b, const Tensors& t) { return b.layer_norm(t[0], t[1], t[2], 1e-5f); });
    compare({activation(x, 0.5), weight({x.back()})},
            [](Backend& b, const Tensors& t) { return b.layer_norm(t[0], t[1], Tensor(), 1e-6f); });
  }
  compare({activation({3, 1}), weight({1}), weight({1})},
          [](Backend& b, const Tensors& t) { return b.layer_norm(t[0], t[1], t[2], 1e-5f); });
}

TEST_P(Conformance, deviation_norm_keeps_the_mean) {
  for (const Shape& x : {Shape{1, 2}, Shape{5}, Shape{2, 3, 17}, Shape{2, 9, 7, 32}, Shape{1, 200, 96}})
    compare({activation(x, 2, 3), weight({x.back()})},
            [](Backend& b, const Tensors& t) { return b.deviation_norm(t[0], t[1], 1e-5f); });
}

TEST_P(Conformance, batch_norm_with_given_statistics) {
  for (const Shape& x : {Shape{3, 5}, Shape{2, 3, 17}, Shape{2, 9, 7, 32}}) {
    const auto c = weight({x.back()});
    compare({activation(x, 2, 3), c, c, c, c}, [](Backend& b, const Tensors& t) {
      return b.batch_norm(t[0], t[1], t[2], t[3],
                          b.weight(std::vector<float>(size_t(t[4].numel()), 0.7f), t[4].shape()), 1e-5f);
    });
  }
}

TEST_P(Conformance, group_norm_over_groups_and_positions) {
  const std::pair<Shape, int> cases[] = {
      {{1, 6}, 3}, {{2, 3, 5, 8}, 1}, {{2, 4, 4, 6}, 6}, {{1, 40, 30, 33}, 3}, {{3, 7, 32}, 8}};
  for (const auto& [x, groups] : cases)
    compare({activation(x, 1, 0.5), weight({x.back()}), weight({x.back()})},
            [n = groups](Backend& b, const Tensors& t) { return b.group_norm(t[0], n, t[1], t[2], 1e-5f); });
}

TEST_P(Conformance, normalize_to_unit_length) {
  for (const Shape& x : {Shape{1}, Shape{7}, Shape{2, 16}, Shape{3, 5, 37}, Shape{4, 512}})
    compare({activation(x, 3)}, [](Backend& b, const Tensors& t) { return b.normalize(t[0]); });
  const Tensor zero = backend_->normalize(backend_->from_floats(std::vector<float>(5, 0.0f), {5}));
  for (float v : backend_->to_floats(zero)) EXPECT_EQ(v, 0.0f);
}

TEST_P(Conformance, activation_functions) {
  for (const Shape& x : {Shape{1}, Shape{3, 5}, Shape{2, 3, 7, 11}, Shape{1, 40, 50, 17}})
    for (double spread : {1.0, 20.0}) {
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.gelu(t[0]); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.gelu_tanh(t[0]); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.quick_gelu(t[0]); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.silu(t[0]); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.relu(t[0]); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.leaky_relu(t[0], 0.2f); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.sigmoid(t[0]); });
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.scale(t[0], -1.75f); });
    }
}

TEST_P(Conformance, activation_functions_of_extreme_values) {
  const std::vector<float> values = {-1e4f, -200, -90, -30, -9, -5, 0, 5, 9, 30, 90, 200, 1e4f};
  NaiveBackend naive;
  const std::function<Tensor(Backend&, const Tensor&)> functions[] = {
      [](Backend& b, const Tensor& t) { return b.gelu(t); }, [](Backend& b, const Tensor& t) { return b.gelu_tanh(t); },
      [](Backend& b, const Tensor& t) { return b.quick_gelu(t); },
      [](Backend& b, const Tensor& t) { return b.sigmoid(t); }, [](Backend& b, const Tensor& t) { return b.silu(t); }};
  for (const auto& f : functions) {
    const std::vector<float> found =
        backend_->to_floats(f(*backend_, backend_->from_floats(values, {int64_t(values.size())})));
    const std::vector<float> wanted = naive.to_floats(f(naive, naive.from_floats(values, {int64_t(values.size())})));
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(found[i], wanted[i], GetParam().tolerance * std::max(1.0f, std::abs(wanted[i])))
          << "at " << values[i];
  }
}

TEST_P(Conformance, simple_gate_of_two_halves) {
  for (const Shape& x : {Shape{2}, Shape{3, 10}, Shape{2, 3, 5, 34}, Shape{1, 50, 40, 64}})
    compare({activation(x)}, [](Backend& b, const Tensors& t) { return b.simple_gate(t[0]); });
}

TEST_P(Conformance, gelu_gate_of_two_halves) {
  for (const Shape& x : {Shape{2}, Shape{3, 10}, Shape{2, 3, 5, 34}, Shape{1, 500, 256}})
    for (const auto half : {Backend::Half::first, Backend::Half::second})
      compare({activation(x)}, [half](Backend& b, const Tensors& t) { return b.gelu_gate(t[0], half); });
}

TEST_P(Conformance, add_and_mul_broadcast) {
  const std::pair<Shape, Shape> cases[] = {{{1}, {1}},
                                           {{3, 5}, {3, 5}},
                                           {{3, 5}, {5}},
                                           {{3, 5}, {1}},
                                           {{2, 3, 4, 17}, {17}},
                                           {{2, 3, 4, 17}, {2, 1, 1, 17}},
                                           {{2, 3, 4, 17}, {1, 3, 1, 17}},
                                           {{2, 3, 4, 17}, {2, 3, 4, 1}},
                                           {{2, 3, 4, 5}, {2, 1, 4, 1}},
                                           {{2, 7, 33}, {7, 33}},
                                           {{2, 7, 33}, {1, 1, 33}},
                                           {{2, 60, 40, 32}, {2, 60, 40, 32}},
                                           {{2, 60, 40, 32}, {2, 1, 1, 32}},
                                           {{3, 1, 1, 8}, {3, 1, 1, 8}}};
  for (const auto& [a, second] : cases) {
    compare({activation(a), activation(second)}, [](Backend& b, const Tensors& t) { return b.add(t[0], t[1]); });
    compare({activation(a), activation(second)}, [](Backend& b, const Tensors& t) { return b.mul(t[0], t[1]); });
    compare({activation(a), weight(second)}, [](Backend& b, const Tensors& t) { return b.add(t[0], t[1]); });
  }
}

TEST_P(Conformance, modulate_and_add_scaled) {
  for (const Shape& x : {Shape{1, 1}, Shape{3, 5}, Shape{2, 7, 13}, Shape{2, 30, 40, 32}, Shape{3, 2, 3, 19}}) {
    compare({activation(x), activation({x[0], x.back()}), activation({x[0], x.back()})},
            [](Backend& b, const Tensors& t) { return b.modulate(t[0], t[1], t[2]); });
    compare({activation(x), activation(x), weight({x.back()})},
            [](Backend& b, const Tensors& t) { return b.add_scaled(t[0], t[1], t[2]); });
    compare({activation(x), activation({x[0], x.back()}), activation({x[0], x.back()})},
            [](Backend& b, const Tensors& t) { return b.modulate_silu(t[0], t[1], t[2]); });
    compare({activation(x), activation(x, 3)}, [](Backend& b, const Tensors& t) { return b.add_silu(t[0], t[1]); });
  }
}

TEST_P(Conformance, softmax_over_the_last_dimension) {
  for (const Shape& x : {Shape{1}, Shape{3, 1}, Shape{2, 17}, Shape{2, 3, 50}, Shape{5, 333}})
    for (double spread : {1.0, 30.0})
      compare({activation(x, spread)}, [](Backend& b, const Tensors& t) { return b.softmax(t[0]); });
}

TEST_P(Conformance, attention_full_cross_and_causal) {
  struct Case {
    int64_t n, tokens, sources, width;
    int heads;
  };
  for (const Case& c : {Case{1, 1, 1, 1, 1}, Case{2, 7, 7, 12, 3}, Case{1, 50, 50, 64, 4}, Case{2, 9, 1, 16, 2},
                        Case{3, 1, 13, 10, 5}, Case{1, 77, 77, 128, 2}})
    for (const bool causal : {false, true}) {
      if (causal && c.tokens != c.sources) continue;
      compare({activation({c.n, c.tokens, c.width}, 2), activation({c.n, c.sources, c.width}),
               activation({c.n, c.sources, c.width})},
              [&](Backend& b, const Tensors& t) { return b.attention(t[0], t[1], t[2], c.heads, causal); });
    }
}

TEST_P(Conformance, attention_over_many_tokens_in_blocks) {
  for (const bool causal : {false, true})
    compare({activation({1, 1531, 4}), activation({1, 1531, 4}), activation({1, 1531, 4})},
            [&](Backend& b, const Tensors& t) { return b.attention(t[0], t[1], t[2], 2, causal); });
}

TEST_P(Conformance, linear_attention_over_positions) {
  struct Case {
    int64_t n, positions, width;
    int heads;
  };
  for (const Case& c :
       {Case{1, 1, 1, 1}, Case{2, 5, 6, 3}, Case{1, 63, 64, 2}, Case{2, 1500, 32, 4}, Case{1, 17, 33, 1}}) {
    compare({activation({c.n, c.positions, c.width}), activation({c.n, c.positions, c.width}, 2),
             activation({c.n, c.positions, c.width})},
            [&](Backend& b, const Tensors& t) { return b.linear_attention(t[0], t[1], t[2], c.heads); });
  }
}

TEST_P(Conformance, channel_attention_over_positions) {
  struct Case {
    Shape qkv;
    int heads;
  };
  for (const Case& c : {Case{{1, 1, 3}, 1}, Case{{2, 5, 18}, 3}, Case{{1, 9, 7, 144}, 1}, Case{{2, 20, 30, 288}, 2},
                        Case{{1, 300, 99}, 1}, Case{{1, 16, 17, 120}, 8}})
    compare({activation(c.qkv), weight({c.heads}, 4)},
            [&](Backend& b, const Tensors& t) { return b.channel_attention(t[0], t[1], c.heads); });
}

TEST_P(Conformance, reshape_concat_and_slice) {
  compare({activation({2, 3, 4})}, [](Backend& b, const Tensors& t) { return b.reshape(t[0], {4, 6}); });
  compare({weight({2, 3, 4})}, [](Backend& b, const Tensors& t) { return b.reshape(t[0], {24}); });
  for (int dim : {0, 1, 2, 3, -1, -4}) {
    Shape second = {2, 3, 4, 5};
    second[size_t(dim < 0 ? dim + 4 : dim)] = 7;
    const auto join = [&](Backend& b, const Tensors& t) {
      const Tensor parts[] = {t[0], t[1], t[0]};
      return b.concat(parts, dim);
    };
    compare({activation({2, 3, 4, 5}), activation(second)}, join);
    compare({activation({2, 3, 4, 5}), weight(second)}, join);
    compare({weight({2, 3, 4, 5}), weight(second)}, join);
    compare({activation({6, 5, 4, 7})}, [&](Backend& b, const Tensors& t) { return b.slice(t[0], dim, 1, 3); });
    compare({weight({6, 5, 4, 7})}, [&](Backend& b, const Tensors& t) { return b.slice(t[0], dim, 3, 4); });
  }
  compare({activation({3})}, [](Backend& b, const Tensors& t) { return b.concat(t, 0); });
}

TEST_P(Conformance, pad_and_crop) {
  for (const Shape& x : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{1, 40, 30, 16}}) {
    const int64_t h = x[1], w = x[2];
    compare({activation(x)}, [&](Backend& b, const Tensors& t) { return b.pad(t[0], h + 3, w + 5); });
    compare({activation(x)}, [&](Backend& b, const Tensors& t) { return b.pad(t[0], h, w); });
    compare({activation(x)}, [&](Backend& b, const Tensors& t) { return b.pad_reflect(t[0], 2 * h - 1, w); });
    compare({activation(x)}, [&](Backend& b, const Tensors& t) { return b.pad_reflect(t[0], h, 2 * w - 1); });
    compare({activation(x)}, [&](Backend& b, const Tensors& t) { return b.crop(t[0], (h + 1) / 2, (w + 1) / 2); });
    compare({activation(x)}, [&](Backend& b, const Tensors& t) { return b.crop(t[0], h, w); });
  }
}

TEST_P(Conformance, resize_nearest_and_pixel_shuffle) {
  for (int f : {1, 2, 3}) {
    compare({activation({2, 3, 5, 7})}, [&](Backend& b, const Tensors& t) { return b.resize_nearest(t[0], f); });
    compare({activation({2, 3, 5, 3 * f * f})}, [&](Backend& b, const Tensors& t) { return b.pixel_shuffle(t[0], f); });
    compare({activation({2, 3 * f, 5 * f, 3})},
            [&](Backend& b, const Tensors& t) { return b.pixel_unshuffle(t[0], f); });
    compare({activation({1, 20, 31, 16 * f * f})},
            [&](Backend& b, const Tensors& t) { return b.pixel_shuffle(t[0], f); });
    compare({activation({1, 20 * f, 31 * f, 16})},
            [&](Backend& b, const Tensors& t) { return b.pixel_unshuffle(t[0], f); });
  }
}

TEST_P(Conformance, resize_bilinear_grows_and_shrinks_each_axis) {
  struct Case {
    Shape x;
    int64_t height, width;
  };
  for (const Case& c : {Case{{1, 1, 1, 1}, 1, 1}, Case{{1, 1, 1, 3}, 4, 2}, Case{{2, 3, 5, 7}, 3, 5},
                        Case{{2, 3, 5, 7}, 6, 10}, Case{{1, 8, 12, 17}, 4, 6}, Case{{1, 16, 8, 3}, 4, 32},
                        Case{{1, 7, 9, 2}, 5, 4}, Case{{1, 40, 50, 33}, 20, 100}})
    for (const auto shrink : {Backend::Shrink::antialiased, Backend::Shrink::two_taps})
      compare({activation(c.x)},
              [&](Backend& b, const Tensors& t) { return b.resize_bilinear(t[0], c.height, c.width, shrink); });
}

TEST_P(Conformance, embedding_and_take_token) {
  const std::vector<int64_t> ids = {4, 0, 10, 10, 3, 1}, index = {2, 0, 4};
  compare({weight({11, 17})}, [&](Backend& b, const Tensors& t) { return b.embedding(t[0], ids, 2); });
  compare({weight({11, 1})}, [&](Backend& b, const Tensors& t) { return b.embedding(t[0], ids, 6); });
  compare({activation({3, 5, 19})}, [&](Backend& b, const Tensors& t) { return b.take_token(t[0], index); });
}

TEST_P(Conformance, global_mean_of_each_channel) {
  for (const Shape& x : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{3, 1, 9, 33}, Shape{1, 130, 70, 17}})
    compare({activation(x, 1, 1)}, [](Backend& b, const Tensors& t) { return b.global_mean(t[0]); });
}

TEST_P(Conformance, pooling_over_windows) {
  const Shape maps[] = {{1, 3, 3, 1}, {2, 5, 9, 3}, {1, 12, 7, 17}, {1, 27, 31, 64}, {1, 3, 14, 5}};
  const PoolOptions windows[] = {{1, 1},          {2, 2},          {3, 2},          {3, 2, 0, true}, {3, 1, 1},
                                 {2, 2, 1, true}, {3, 3, 1, true}, {2, 3, 0, true}, {1, 4, 0, true}, {3, 2, 1}};
  for (const Shape& x : maps)
    for (const PoolOptions& o : windows) {
      compare({activation(x, 1, -3)}, [&](Backend& b, const Tensors& t) { return b.max_pool(t[0], o); });
      compare({activation(x, 1, 1)}, [&](Backend& b, const Tensors& t) { return b.average_pool(t[0], o); });
    }
}

TEST_P(Conformance, local_mean_exact_and_fast) {
  const Shape maps[] = {{1, 1, 1, 1}, {2, 5, 9, 3}, {1, 12, 7, 17}, {1, 20, 25, 4}, {1, 1, 6, 2}, {1, 30, 10, 5}};
  const std::pair<int64_t, int64_t> windows[] = {{1, 1}, {3, 4}, {5, 2}, {2, 100}, {100, 3}, {100, 100}, {11, 6}};
  for (const Shape& x : maps)
    for (const auto& [kh, kw] : windows)
      for (int stride : {0, 1, 2, 3, 5})
        compare({activation(x)},
                [&, h = kh, w = kw](Backend& b, const Tensors& t) { return b.local_mean(t[0], h, w, stride); });
}

TEST_P(Conformance, inputs_are_never_changed) {
  const std::vector<float> values = {1, -2, 3, -4};
  const Tensor x = backend_->from_floats(values, {1, 4});
  backend_->relu(x);
  backend_->add(x, x);
  backend_->softmax(x);
  EXPECT_EQ(backend_->to_floats(x), values);
}

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(backend_cases()),
                         [](const testing::TestParamInfo<BackendCase>& one) { return one.param.name; });

}  // namespace daclip
