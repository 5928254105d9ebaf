#include "torch/nafblock.h"

#include <ATen/Parallel.h>

#include "torch/map_ops.h"
#include "torch/nafblock_inputs.h"
#include "torch/nafblock_kernels.h"

namespace daclip {

float* NafScratch::get(int slot, int64_t count) {
  std::vector<float>& memory = slots_[slot];
  if (int64_t(memory.size()) < count) memory.resize(size_t(count));
  return memory.data();
}

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The widest kernels that this processor supports, or null.
const NafKernels* kernels() {
#if defined(__x86_64__)
  static const NafKernels* const chosen = [] {
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    return avx512 ? &kNafAvx512 : avx2 ? &kNafAvx2 : nullptr;
  }();
  return chosen;
#else
  return nullptr;
#endif
}

NafScratch& thread_scratch() {
  thread_local NafScratch scratch;
  return scratch;
}

// B = w^T of a dense layer (O,I) for the forward pass. B = w for the gradient of its input.
torch::Tensor packed_forward(const torch::Tensor& w) {
  torch::Tensor out = torch::empty({w.numel()}, w.options());
  kernels()->pack(w.data_ptr<float>(), w.size(1), w.size(0), 1, w.size(1), out.data_ptr<float>());
  return out;
}
torch::Tensor packed_backward(const torch::Tensor& w) {
  torch::Tensor out = torch::empty({w.numel()}, w.options());
  kernels()->pack(w.data_ptr<float>(), w.size(0), w.size(1), w.size(1), 1, out.data_ptr<float>());
  return out;
}

// The intermediates of `maps` maps.
struct SavedTensors {
  torch::Tensor hidden, spatial, middle, gate, stats, pooled, scale;

  SavedTensors() = default;
  SavedTensors(const torch::Tensor& x, int64_t maps) {
    const int64_t pixels = x.size(1) * x.size(2), c = x.size(3);
    hidden = torch::empty({maps, pixels, 2 * c}, x.options());
    spatial = torch::empty_like(hidden);
    gate = torch::empty_like(hidden);
    middle = torch::empty({maps, pixels, c}, x.options());
    stats = torch::empty({maps, pixels, 4}, x.options());
    pooled = torch::empty({maps, c}, x.options());
    scale = torch::empty({maps, c}, x.options());
  }

  NafSaved of(int64_t map) const {
    const auto at = [map](const torch::Tensor& t) { return t.data_ptr<float>() + map * t.stride(0); };
    return {at(hidden), at(spatial), at(middle), at(gate), at(stats), at(pooled), at(scale)};
  }
};

NafMap map_of(const torch::Tensor& x) { return {x.size(1), x.size(2), x.size(3)}; }

NafNorms norms_of(const variable_list& in, int64_t map) {
  const auto row = [map](const torch::Tensor& t) { return t.data_ptr<float>() + map * t.size(1); };
  return {row(in[kGain1]), row(in[kBias1]), row(in[kGain2]), row(in[kBias2])};
}

// Distributes the maps to one group per thread. Each group runs in order, so that its sums have a fixed order.
template <class Body>
void for_each_map(int64_t maps, int64_t groups, const Body& body) {
  at::parallel_for(0, groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      for (int64_t map = group * maps / groups; map < (group + 1) * maps / groups; ++map) body(map, group);
    }
  });
}

int64_t groups_of(int64_t maps) { return std::max<int64_t>(1, std::min<int64_t>(maps, at::get_num_threads())); }

// `saved` holds every map's intermediates, or those of one map per group.
torch::Tensor forward_maps(const variable_list& in, const SavedTensors& saved, bool keep) {
  const torch::Tensor& x = in[kX];
  torch::Tensor out = torch::empty_like(x);
  const torch::Tensor conv1 = packed_forward(in[kConv1]), conv3 = packed_forward(in[kConv3]);
  const torch::Tensor conv4 = packed_forward(in[kConv4]), conv5 = packed_forward(in[kConv5]);
  const auto data = [](const torch::Tensor& t) -> const float* { return t.data_ptr<float>(); };
  const NafWeights weights{data(conv1),          data(in[kConv1Bias]),     data(in[kTaps]), data(in[kTapsBias]),
                           data(in[kAttention]), data(in[kAttentionBias]), data(conv3),     data(in[kConv3Bias]),
                           data(conv4),          data(in[kConv4Bias]),     data(conv5),     data(in[kConv5Bias])};
  const NafMap map = map_of(x);
  const int64_t size = map.pixels() * map.channels;
  float* result = out.data_ptr<float>();
  for_each_map(x.size(0), groups_of(x.size(0)), [&](int64_t i, int64_t group) {
    kernels()->forward(map, weights, norms_of(in, i), data(x) + i * size, saved.of(keep ? i : group), result + i * size,
                       thread_scratch());
  });
  return out;
}

// The gradient sums of one group, laid out consecutively.
struct GradientLayout {
  explicit GradientLayout(int64_t c) {
    const int64_t lengths[12] = {2 * c * c, 2 * c, 18 * c, 2 * c, c * c, c, c * c, c, 2 * c * c, 2 * c, c * c, c};
    for (int i = 0; i < 12; ++i) begin[i + 1] = begin[i] + lengths[i];
  }
  NafGradients of(float* row) const {
    const auto at = [&](int i) { return row + begin[i]; };
    return {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11)};
  }
  torch::Tensor part(const torch::Tensor& sums, int i, at::IntArrayRef shape) const {
    return sums.narrow(0, begin[i], begin[i + 1] - begin[i]).view(shape);
  }
  int64_t begin[13] = {};
};

variable_list backward_maps(const variable_list& in, const SavedTensors& saved, const torch::Tensor& grad_out) {
  const torch::Tensor& x = in[kX];
  const int64_t n = x.size(0), c = x.size(3), groups = groups_of(n);
  const torch::Tensor conv1 = packed_backward(in[kConv1]), conv3 = packed_backward(in[kConv3]);
  const torch::Tensor conv4 = packed_backward(in[kConv4]), conv5 = packed_backward(in[kConv5]);
  const torch::Tensor turned = in[kTaps].flip({0}).contiguous();
  const auto data = [](const torch::Tensor& t) -> const float* { return t.data_ptr<float>(); };
  const NafBackwardWeights weights{data(conv1),  data(conv3),          data(conv4),     data(conv5),
                                   data(turned), data(in[kAttention]), data(in[kConv3])};
  const GradientLayout layout(c);
  torch::Tensor partial = torch::zeros({groups, layout.begin[12]}, x.options());
  torch::Tensor norm_grads = torch::zeros({4, n, c}, x.options());
  torch::Tensor grad_x = torch::empty_like(x);
  float *sums = partial.data_ptr<float>(), *norm_sums = norm_grads.data_ptr<float>(), *gx = grad_x.data_ptr<float>();
  const NafMap map = map_of(x);
  const int64_t size = map.pixels() * c;
  for_each_map(n, groups, [&](int64_t i, int64_t group) {
    const auto norm_at = [&](int64_t which) { return norm_sums + (which * n + i) * c; };
    kernels()->backward(map, weights, norms_of(in, i), data(x) + i * size, saved.of(i), data(grad_out) + i * size,
                        gx + i * size, layout.of(sums + group * layout.begin[12]),
                        {norm_at(0), norm_at(1), norm_at(2), norm_at(3)}, thread_scratch());
  });
  const torch::Tensor total = groups == 1 ? partial[0] : partial.sum(0);
  variable_list grads(kNafInputs);
  grads[kX] = grad_x;
  grads[kGain1] = norm_grads[0];
  grads[kBias1] = norm_grads[1];
  grads[kGain2] = norm_grads[2];
  grads[kBias2] = norm_grads[3];
  constexpr NafInput order[12] = {kConv1, kConv1Bias, kTaps,  kTapsBias,  kAttention, kAttentionBias,
                                  kConv3, kConv3Bias, kConv4, kConv4Bias, kConv5,     kConv5Bias};
  for (int i = 0; i < 12; ++i) grads[order[i]] = layout.part(total, i, in[order[i]].sizes());
  return grads;
}

class NafBlock : public torch::autograd::Function<NafBlock> {
 public:
  static torch::Tensor forward(AutogradContext* context, at::TensorList inputs) {
    const variable_list in = inputs.vec();
    const SavedTensors s(in[kX], in[kX].size(0));
    const torch::Tensor out = forward_maps(in, s, true);
    variable_list keep = in;
    keep.insert(keep.end(), {s.hidden, s.spatial, s.middle, s.gate, s.stats, s.pooled, s.scale});
    context->save_for_backward(keep);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const variable_list kept = context->get_saved_variables();
    const variable_list in(kept.begin(), kept.begin() + kNafInputs);
    SavedTensors s;
    torch::Tensor* parts[7] = {&s.hidden, &s.spatial, &s.middle, &s.gate, &s.stats, &s.pooled, &s.scale};
    for (size_t i = 0; i < 7; ++i) *parts[i] = kept[kNafInputs + i];
    return backward_maps(in, s, grads[0].contiguous());
  }
};

// (C) or (N,C) -> (N,C)
torch::Tensor rows(const torch::Tensor& t, int64_t n) {
  return t.dim() == 1 ? t.unsqueeze(0).expand({n, t.size(0)}).contiguous() : t.contiguous();
}

}  // namespace

bool nafblock_supported(const torch::Tensor& x) {
  if (x.dim() != 4 || x.size(3) % 16 != 0 || x.numel() == 0) return false;
  return map_kernels_for(x) || (kernels() && x.is_cpu() && x.scalar_type() == at::kFloat);
}

torch::autograd::variable_list nafblock_inputs(const torch::Tensor& x, const NafBlockParams& p) {
  const int64_t n = x.size(0);
  variable_list in(kNafInputs);
  in[kX] = x.contiguous();
  in[kGain1] = rows(p.gain1, n);
  in[kBias1] = rows(p.bias1, n);
  in[kConv1] = p.conv1;
  in[kConv1Bias] = p.conv1_bias;
  in[kTaps] = p.depthwise.reshape({-1, 9}).t().contiguous();
  in[kTapsBias] = p.depthwise_bias;
  in[kAttention] = p.attention;
  in[kAttentionBias] = p.attention_bias;
  in[kConv3] = p.conv3 * p.beta.unsqueeze(1);
  in[kConv3Bias] = p.conv3_bias * p.beta;
  in[kGain2] = rows(p.gain2, n);
  in[kBias2] = rows(p.bias2, n);
  in[kConv4] = p.conv4;
  in[kConv4Bias] = p.conv4_bias;
  in[kConv5] = p.conv5 * p.gamma.unsqueeze(1);
  in[kConv5Bias] = p.conv5_bias * p.gamma;
  return in;
}

torch::Tensor nafblock(const torch::Tensor& x, const NafBlockParams& p) {
  const variable_list in = nafblock_inputs(x, p);
  if (!x.is_cpu()) return nafblock_by_maps(in);
  bool differentiable = false;
  for (const torch::Tensor& t : in) differentiable = differentiable || t.requires_grad();
  if (differentiable && at::GradMode::is_enabled()) return NafBlock::apply(at::TensorList(in));
  return forward_maps(in, SavedTensors(x, groups_of(x.size(0))), false);
}

}  // namespace daclip
