#include "torch/depthwise.h"
#include "torch/map_ops.h"
#include "torch/nafblock_inputs.h"

namespace daclip {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor rows(const torch::Tensor& x) { return x.view({-1, x.size(-1)}); }

// x (N,P,I), w (O,I), b (O) -> (N,P,O)
torch::Tensor dense(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b) {
  return at::addmm(b.to(x.scalar_type()), rows(x), w.t()).view({x.size(0), x.size(1), w.size(0)});
}

torch::Tensor dense_grad(const torch::Tensor& grad, const torch::Tensor& w) {
  return at::mm(rows(grad), w).view({grad.size(0), grad.size(1), w.size(1)});
}

// (O,I) float32. Split into many products of few rows: one product over all rows would keep few multiprocessors busy.
torch::Tensor weight_grad(const torch::Tensor& grad, const torch::Tensor& input) {
  int64_t parts = grad.size(0), length = grad.size(1);
  while (length > 1024 && length % 2 == 0) {
    parts *= 2;
    length /= 2;
  }
  const auto split = [&](const torch::Tensor& x) { return x.view({parts, length, x.size(2)}); };
  return at::sum(at::bmm(split(grad).transpose(1, 2), split(input)), {0}, false, at::kFloat);
}

torch::Tensor bias_grad(const torch::Tensor& grad) { return sum_maps(grad).sum(0); }

// The forward pass's results that the backward pass needs.
struct Block {
  torch::Tensor x, conv1, conv3, conv4, conv5;  // weights in the maps' type
  Normed norm1, norm2;
  torch::Tensor hidden, spatial, gate1, pooled, attention, mixed, middle, hidden2, gate2, out;

  Block() = default;
  explicit Block(const variable_list& in) {
    const int64_t n = in[kX].size(0), h = in[kX].size(1), w = in[kX].size(2), c = in[kX].size(3);
    x = in[kX].view({n, h * w, c});
    const auto weight = [&](NafInput which) { return in[which].to(x.scalar_type()); };
    conv1 = weight(kConv1), conv3 = weight(kConv3), conv4 = weight(kConv4), conv5 = weight(kConv5);
    norm1 = layer_norm_maps(x, in[kGain1], in[kBias1]);
    hidden = dense(norm1.y, conv1, in[kConv1Bias]);
    spatial = depthwise3x3(hidden.view({n, h, w, 2 * c}), in[kTaps], in[kTapsBias]).view({n, h * w, 2 * c});
    gate1 = gate_maps(spatial);
    pooled = sum_maps(gate1) / double(h * w);
    attention = at::addmm(in[kAttentionBias], pooled, in[kAttention].t());
    mixed = scale_maps(gate1, attention);
    middle = dense(mixed, conv3, in[kConv3Bias]).add_(x);
    norm2 = layer_norm_maps(middle, in[kGain2], in[kBias2]);
    hidden2 = dense(norm2.y, conv4, in[kConv4Bias]);
    gate2 = gate_maps(hidden2);
    out = dense(gate2, conv5, in[kConv5Bias]).add_(middle);
  }

  static constexpr size_t kKept = 18;
  std::array<torch::Tensor*, kKept> kept() {
    return {&x,      &conv1,   &conv3, &conv4,  &conv5,     &norm1.y, &norm1.stats, &norm2.y, &norm2.stats,
            &hidden, &spatial, &gate1, &pooled, &attention, &mixed,   &middle,      &hidden2, &gate2};
  }
};

variable_list gradients(const variable_list& in, const Block& b, const torch::Tensor& grad_out) {
  const int64_t n = in[kX].size(0), h = in[kX].size(1), w = in[kX].size(2), c = in[kX].size(3), positions = h * w;
  variable_list grads(kNafInputs);
  const auto dense_grads = [&](NafInput which, const torch::Tensor& grad, const torch::Tensor& input) {
    grads[which] = weight_grad(grad, input);
    grads[size_t(which) + 1] = bias_grad(grad);
  };
  const torch::Tensor out = grad_out.view({n, positions, c});

  // Second half of the block.
  dense_grads(kConv5, out, b.gate2);
  const torch::Tensor hidden2 = gate_maps_grad(dense_grad(out, b.conv5), b.hidden2, {}, {});
  dense_grads(kConv4, hidden2, b.norm2.y);
  const NormGrads norm2 = layer_norm_maps_grad(dense_grad(hidden2, b.conv4), b.middle, b.norm2.stats, in[kGain2], out);
  grads[kGain2] = norm2.gain;
  grads[kBias2] = norm2.bias;

  // First half.
  dense_grads(kConv3, norm2.x, b.mixed);
  const torch::Tensor mixed = dense_grad(norm2.x, b.conv3);
  const torch::Tensor attention = sum_maps(mixed, b.gate1);
  grads[kAttention] = at::mm(attention.t(), b.pooled);
  grads[kAttentionBias] = attention.sum(0);
  const torch::Tensor pooled = at::mm(attention, in[kAttention]) / double(positions);
  const torch::Tensor spatial = gate_maps_grad(mixed, b.spatial, b.attention, pooled);
  const auto [hidden, taps] =
      depthwise3x3_grads(b.hidden.view({n, h, w, 2 * c}), in[kTaps], spatial.view({n, h, w, 2 * c}));
  grads[kTaps] = taps.narrow(0, 0, 9);
  grads[kTapsBias] = taps[9];
  const torch::Tensor flat = hidden.view({n, positions, 2 * c});
  dense_grads(kConv1, flat, b.norm1.y);
  const NormGrads norm1 = layer_norm_maps_grad(dense_grad(flat, b.conv1), b.x, b.norm1.stats, in[kGain1], norm2.x);
  grads[kGain1] = norm1.gain;
  grads[kBias1] = norm1.bias;
  grads[kX] = norm1.x.view({n, h, w, c});
  return grads;
}

class NafBlockByMaps : public torch::autograd::Function<NafBlockByMaps> {
 public:
  static torch::Tensor forward(AutogradContext* context, at::TensorList inputs) {
    const variable_list in = inputs.vec();
    Block block(in);
    variable_list keep = in;
    for (const torch::Tensor* t : block.kept()) keep.push_back(*t);
    context->save_for_backward(keep);
    return block.out.view(in[kX].sizes());
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const variable_list kept = context->get_saved_variables();
    const variable_list in(kept.begin(), kept.begin() + kNafInputs);
    Block block;
    for (size_t i = 0; i < Block::kKept; ++i) *block.kept()[i] = kept[kNafInputs + i];
    return gradients(in, block, grads[0].contiguous());
  }
};

}  // namespace

torch::Tensor nafblock_by_maps(const variable_list& inputs) { return NafBlockByMaps::apply(at::TensorList(inputs)); }

}  // namespace daclip
