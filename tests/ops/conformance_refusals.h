// The second half of the conformance suite: every misuse of an operation is refused. Test programs include it beside
// conformance.h.
#pragma once

#include "ops/conformance.h"

namespace daclip {

TEST_P(Conformance, wrong_shapes_are_refused_by_matrices) {
  const auto mix = [](Backend& b, const Tensors& t) {
    return b.mix_positions(t[0], t[1], t[2], Backend::Groups::grid);
  };
  refuse({activation({1, 4, 4, 3}), weight({4, 4}), weight({3})}, mix);
  refuse({activation({1, 4, 4, 3}), weight({4, 9}), weight({4})}, mix);
  refuse({activation({1, 4, 4, 3}), weight({8, 8}), weight({8})}, mix);
  refuse({activation({1, 4, 5, 3}), weight({4, 4}), weight({4})}, mix);
  const auto conv = [](ConvOptions o) {
    return [o](Backend& b, const Tensors& t) { return b.conv2d(t[0], t[1], t.size() > 2 ? t[2] : Tensor(), o); };
  };
  refuse({activation({4, 4, 3}), weight({2, 3, 3, 3})}, conv({}));
  refuse({activation({1, 4, 4, 3}), weight({2, 4, 3, 3})}, conv({}));
  refuse({activation({1, 4, 4, 3}), weight({2, 3, 3})}, conv({}));
  refuse({activation({1, 4, 4, 3}), weight({2, 3, 3, 3}), weight({3})}, conv({}));
  refuse({activation({1, 2, 2, 3}), weight({2, 3, 3, 3})}, conv({}));
  refuse({activation({1, 4, 4, 3}), weight({2, 3, 3, 3})}, conv({0, 0}));
  refuse({activation({1, 4, 4, 3}), weight({2, 3, 3, 3})}, conv({1, -1}));
  refuse({activation({1, 4, 4, 3}), weight({2, 3, 3, 3})}, conv({1, 0, -2}));
  refuse({activation({1, 4, 2, 3}), weight({2, 3, 3, 3})}, conv({1, 1, 0}));
  const auto depthwise = [](Backend& b, const Tensors& t) {
    return b.depthwise_conv2d(t[0], t[1], t.size() > 2 ? t[2] : Tensor());
  };
  refuse({activation({1, 4, 4, 3}), weight({4, 1, 3, 3})}, depthwise);
  refuse({activation({1, 4, 4, 3}), weight({3, 1, 2, 2})}, depthwise);
  refuse({activation({1, 4, 4, 3}), weight({3, 1, 3, 5})}, depthwise);
  refuse({activation({1, 4, 4, 3}), weight({3, 3, 3, 3})}, depthwise);
  refuse({activation({1, 4, 4, 3}), weight({3, 1, 3, 3}), weight({1})}, depthwise);
  const auto linear = [](Backend& b, const Tensors& t) { return b.linear(t[0], t[1], t.size() > 2 ? t[2] : Tensor()); };
  refuse({activation({2, 3}), weight({5, 4})}, linear);
  refuse({activation({2, 3}), weight({5, 3, 1})}, linear);
  refuse({activation({2, 3}), weight({5, 3}), weight({3})}, linear);
  refuse({activation({2, 3}), weight({5, 3})},
         [](Backend& b, const Tensors& t) { return b.linear(Tensor(), t[1], Tensor()); });
  refuse({activation({2, 3, 4}), activation({2, 5, 4})},
         [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1]); });
  refuse({activation({2, 3, 4}), activation({2, 4, 5})},
         [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1], true); });
  refuse({activation({2, 3, 4}), activation({1, 4, 5})},
         [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1]); });
  refuse({activation({3, 4}), activation({4, 5})}, [](Backend& b, const Tensors& t) { return b.matmul(t[0], t[1]); });
}

TEST_P(Conformance, wrong_shapes_are_refused_by_deform_conv2d) {
  const auto deform = [](Backend& b, const Tensors& t) { return b.deform_conv2d(t[0], t[1], t[2], t[3], Tensor()); };
  const Input x = activation({1, 4, 5, 3}), offsets = activation({1, 4, 5, 18}), mask = activation({1, 4, 5, 9});
  refuse({x, offsets, mask, weight({2, 4, 3, 3})}, deform);
  refuse({x, offsets, mask, weight({2, 3, 2, 2})}, deform);
  refuse({x, mask, mask, weight({2, 3, 3, 3})}, deform);
  refuse({x, offsets, offsets, weight({2, 3, 3, 3})}, deform);
}

TEST_P(Conformance, wrong_shapes_are_refused_by_norms_and_pointwise) {
  const auto layer = [](Backend& b, const Tensors& t) { return b.layer_norm(t[0], t[1], t[2], 1e-5f); };
  refuse({activation({2, 3}), weight({2}), weight({3})}, layer);
  refuse({activation({2, 3}), weight({3}), weight({2})}, layer);
  refuse({activation({2, 3}), weight({3}), weight({3})},
         [](Backend& b, const Tensors& t) { return b.layer_norm(t[0], t[1], t[2], -1.0f); });
  refuse({activation({2, 3})},
         [](Backend& b, const Tensors& t) { return b.layer_norm(t[0], Tensor(), Tensor(), 1e-5f); });
  const auto batch = [](Backend& b, const Tensors& t) { return b.batch_norm(t[0], t[1], t[1], t[1], t[2], 1e-5f); };
  refuse({activation({2, 3}), weight({2}), weight({3})}, batch);
  refuse({activation({2, 3}), weight({3}), weight({2})}, batch);
  const auto deviation = [](Backend& b, const Tensors& t) { return b.deviation_norm(t[0], t[1], 1e-5f); };
  refuse({activation({2, 3}), weight({2})}, deviation);
  for (int groups : {0, 4})
    refuse({activation({2, 6}), weight({6}), weight({6})},
           [&](Backend& b, const Tensors& t) { return b.group_norm(t[0], groups, t[1], t[2], 1e-5f); });
  refuse({activation({2, 6}), weight({3}), weight({6})},
         [](Backend& b, const Tensors& t) { return b.group_norm(t[0], 2, t[1], t[2], 1e-5f); });
  refuse({activation({2, 5})}, [](Backend& b, const Tensors& t) { return b.simple_gate(t[0]); });
  refuse({activation({2, 5})}, [](Backend& b, const Tensors& t) { return b.gelu_gate(t[0]); });
  for (const auto& [a, second] :
       {std::pair<Shape, Shape>{{2, 3}, {2}}, {{3}, {2, 3}}, {{1, 3}, {2, 3}}, {{2, 1}, {2, 3}}}) {
    refuse({activation(a), activation(second)}, [](Backend& b, const Tensors& t) { return b.add(t[0], t[1]); });
    refuse({activation(a), activation(second)}, [](Backend& b, const Tensors& t) { return b.mul(t[0], t[1]); });
  }
  const auto modulate = [](Backend& b, const Tensors& t) { return b.modulate(t[0], t[1], t[2]); };
  refuse({activation({2, 4, 3}), activation({2, 4}), activation({2, 3})}, modulate);
  refuse({activation({2, 4, 3}), activation({2, 3}), activation({1, 3})}, modulate);
  const auto modulate_silu = [](Backend& b, const Tensors& t) { return b.modulate_silu(t[0], t[1], t[2]); };
  refuse({activation({2, 4, 3}), activation({2, 4}), activation({2, 3})}, modulate_silu);
  const auto add_silu = [](Backend& b, const Tensors& t) { return b.add_silu(t[0], t[1]); };
  refuse({activation({2, 4, 3}), activation({2, 1, 3})}, add_silu);
  const auto add_scaled = [](Backend& b, const Tensors& t) { return b.add_scaled(t[0], t[1], t[2]); };
  refuse({activation({2, 3}), activation({3}), weight({3})}, add_scaled);
  refuse({activation({2, 3}), activation({2, 3}), weight({2})}, add_scaled);
}

TEST_P(Conformance, absent_tensors_are_refused) {
  const std::function<Tensor(Backend&)> operations[] = {
      [](Backend& b) { return b.gelu(Tensor()); },         [](Backend& b) { return b.quick_gelu(Tensor()); },
      [](Backend& b) { return b.silu(Tensor()); },         [](Backend& b) { return b.relu(Tensor()); },
      [](Backend& b) { return b.scale(Tensor(), 2); },     [](Backend& b) { return b.softmax(Tensor()); },
      [](Backend& b) { return b.normalize(Tensor()); },    [](Backend& b) { return b.simple_gate(Tensor()); },
      [](Backend& b) { return b.reshape(Tensor(), {1}); }, [](Backend& b) { return b.global_mean(Tensor()); }};
  for (const auto& operation : operations) EXPECT_THROW(operation(*backend_), ShapeError);
  EXPECT_THROW(backend_->to_floats(Tensor()), ShapeError);
}

TEST_P(Conformance, wrong_shapes_are_refused_by_attention) {
  const auto attend = [](int heads, bool causal) {
    return [heads, causal](Backend& b, const Tensors& t) { return b.attention(t[0], t[1], t[2], heads, causal); };
  };
  refuse({activation({1, 3, 8}), activation({1, 4, 8}), activation({1, 4, 8})}, attend(3, false));
  refuse({activation({1, 3, 8}), activation({1, 4, 8}), activation({1, 4, 8})}, attend(2, true));
  refuse({activation({1, 3, 8}), activation({1, 4, 8}), activation({1, 3, 8})}, attend(2, false));
  refuse({activation({2, 3, 8}), activation({1, 4, 8}), activation({1, 4, 8})}, attend(2, false));
  refuse({activation({3, 8}), activation({3, 8}), activation({3, 8})}, attend(2, false));
  refuse({activation({1, 3, 8}), activation({1, 3, 8}), activation({1, 3, 8})}, attend(0, false));
  const auto linear = [](int heads) {
    return [heads](Backend& b, const Tensors& t) { return b.linear_attention(t[0], t[1], t[2], heads); };
  };
  refuse({activation({1, 3, 8}), activation({1, 4, 8}), activation({1, 4, 8})}, linear(2));
  refuse({activation({1, 3, 8}), activation({1, 3, 8}), activation({1, 3, 8})}, linear(5));
  const auto between_channels = [](int heads) {
    return [heads](Backend& b, const Tensors& t) { return b.channel_attention(t[0], t[1], heads); };
  };
  refuse({activation({1, 3, 24}), weight({3})}, between_channels(3));  // 8 channels of each
  refuse({activation({1, 3, 24}), weight({1})}, between_channels(2));
  refuse({activation({1, 3, 24}), weight({2})}, between_channels(0));
}

TEST_P(Conformance, wrong_shapes_are_refused_by_shape_operations) {
  const std::vector<Input> map = {activation({1, 4, 6, 8})};
  const auto refuse_map = [&](const std::function<Tensor(Backend&, const Tensor&)>& f) {
    refuse(map, [&](Backend& b, const Tensors& t) { return f(b, t[0]); });
  };
  EXPECT_THROW(backend_->from_floats(std::vector<float>(5), {2, 3}), ShapeError);
  EXPECT_THROW(backend_->from_floats(std::vector<float>(), {0, 3}), ShapeError);
  EXPECT_THROW(backend_->from_floats(std::vector<float>(1), {}), ShapeError);
  EXPECT_THROW(backend_->weight(std::vector<float>(6), {-2, -3}), ShapeError);
  refuse_map([](Backend& b, const Tensor& x) { return b.reshape(x, {4, 6}); });
  refuse_map([](Backend& b, const Tensor& x) { return b.reshape(x, {-4, -48}); });
  refuse_map([](Backend& b, const Tensor& x) { return b.slice(x, 4, 0, 1); });
  refuse_map([](Backend& b, const Tensor& x) { return b.slice(x, 1, 0, 5); });
  refuse_map([](Backend& b, const Tensor& x) { return b.slice(x, 1, -1, 3); });
  refuse_map([](Backend& b, const Tensor& x) { return b.slice(x, 1, 2, 2); });
  refuse_map([](Backend& b, const Tensor& x) { return b.pad(x, 3, 6); });
  refuse_map([](Backend& b, const Tensor& x) { return b.pad_reflect(x, 8, 6); });
  refuse_map([](Backend& b, const Tensor& x) { return b.pad_reflect(x, 4, 5); });
  refuse_map([](Backend& b, const Tensor& x) { return b.crop(x, 5, 6); });
  refuse_map([](Backend& b, const Tensor& x) { return b.crop(x, 0, 6); });
  refuse_map([](Backend& b, const Tensor& x) { return b.resize_nearest(x, 0); });
  refuse_map([](Backend& b, const Tensor& x) { return b.pixel_shuffle(x, 3); });
  refuse_map([](Backend& b, const Tensor& x) { return b.pixel_unshuffle(x, 4); });
  refuse_map([](Backend& b, const Tensor& x) { return b.pixel_unshuffle(x, 0); });
  refuse_map([](Backend& b, const Tensor& x) { return b.take_token(x, std::vector<int64_t>{0}); });
  for (const PoolOptions& o : {PoolOptions{0, 1}, {2, 0}, {2, 2, -1}, {3, 1, 2}, {5, 1}, {9, 1, 2}}) {
    refuse_map([o](Backend& b, const Tensor& x) { return b.max_pool(x, o); });
    refuse_map([o](Backend& b, const Tensor& x) { return b.average_pool(x, o); });
  }
  refuse({activation({4, 4, 3})}, [](Backend& b, const Tensors& t) { return b.max_pool(t[0], {}); });
  refuse_map([](Backend& b, const Tensor& x) { return b.local_mean(x, 0, 3); });
  refuse_map([](Backend& b, const Tensor& x) { return b.local_mean(x, 3, 3, -1); });
  refuse({activation({2, 3, 4})}, [](Backend& b, const Tensors& t) { return b.global_mean(t[0]); });
  refuse({activation({2, 3, 4})},
         [](Backend& b, const Tensors& t) { return b.take_token(t[0], std::vector<int64_t>{0}); });
  refuse({activation({2, 3, 4})}, [](Backend& b, const Tensors& t) {
    return b.take_token(t[0], std::vector<int64_t>{0, 3});
  });
  const auto join = [](int dim) { return [dim](Backend& b, const Tensors& t) { return b.concat(t, dim); }; };
  refuse({activation({2, 3}), activation({2, 4})}, join(0));
  refuse({activation({2, 3}), activation({2, 3, 1})}, join(0));
  refuse({activation({2, 3}), activation({2, 3})}, join(2));
  refuse({}, join(0));
  const auto embed = [](std::vector<int64_t> ids, int64_t rows) {
    return [ids, rows](Backend& b, const Tensors& t) { return b.embedding(t[0], ids, rows); };
  };
  refuse({weight({4, 3})}, embed({0, 4}, 1));
  refuse({weight({4, 3})}, embed({0, -1}, 1));
  refuse({weight({4, 3})}, embed({0, 1, 2}, 2));
  refuse({weight({4, 3})}, embed({}, 1));
}

TEST_P(Conformance, refusals_name_the_operation_and_the_shapes) {
  try {
    const Tensor x = backend_->from_floats(std::vector<float>(6), {2, 3}),
                 w = backend_->weight(std::vector<float>(20), {5, 4});
    backend_->linear(x, w, Tensor());
    FAIL() << "not refused";
  } catch (const ShapeError& e) {
    const std::string message = e.what();
    for (const char* part : {"linear", "(2, 3)", "(5, 4)"}) EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

}  // namespace daclip
