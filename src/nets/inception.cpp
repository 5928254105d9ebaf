#include "nets/inception.h"

#include <cmath>

#include "nets/weight_check.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

struct Layer {
  std::string name;
  int64_t out, in, height, width;  // of the kernel
};

// Lists the convolutions of torchvision's blocks.
class LayerList {
 public:
  static std::vector<Layer> all() {
    LayerList list;
    list.square("Conv2d_1a_3x3", 32, 3, 3);
    list.square("Conv2d_2a_3x3", 32, 32, 3);
    list.square("Conv2d_2b_3x3", 64, 32, 3);
    list.square("Conv2d_3b_1x1", 80, 64, 1);
    list.square("Conv2d_4a_3x3", 192, 80, 3);
    list.block_a("Mixed_5b", 192, 32);
    list.block_a("Mixed_5c", 256, 64);
    list.block_a("Mixed_5d", 288, 64);
    list.block_b("Mixed_6a", 288);
    list.block_c("Mixed_6b", 768, 128);
    list.block_c("Mixed_6c", 768, 160);
    list.block_c("Mixed_6d", 768, 160);
    list.block_c("Mixed_6e", 768, 192);
    list.block_d("Mixed_7a", 768);
    list.block_e("Mixed_7b", 1280);
    list.block_e("Mixed_7c", 2048);
    return std::move(list.layers_);
  }

 private:
  void rectangle(const std::string& name, int64_t out, int64_t in, int64_t height, int64_t width) {
    layers_.push_back({name, out, in, height, width});
  }
  void square(const std::string& name, int64_t out, int64_t in, int64_t kernel) {
    rectangle(name, out, in, kernel, kernel);
  }

  void block_a(const std::string& name, int64_t in, int64_t pooled) {
    square(name + ".branch1x1", 64, in, 1);
    square(name + ".branch5x5_1", 48, in, 1);
    square(name + ".branch5x5_2", 64, 48, 5);
    square(name + ".branch3x3dbl_1", 64, in, 1);
    square(name + ".branch3x3dbl_2", 96, 64, 3);
    square(name + ".branch3x3dbl_3", 96, 96, 3);
    square(name + ".branch_pool", pooled, in, 1);
  }
  void block_b(const std::string& name, int64_t in) {
    square(name + ".branch3x3", 384, in, 3);
    square(name + ".branch3x3dbl_1", 64, in, 1);
    square(name + ".branch3x3dbl_2", 96, 64, 3);
    square(name + ".branch3x3dbl_3", 96, 96, 3);
  }
  void block_c(const std::string& name, int64_t in, int64_t middle) {
    square(name + ".branch1x1", 192, in, 1);
    square(name + ".branch7x7_1", middle, in, 1);
    rectangle(name + ".branch7x7_2", middle, middle, 1, 7);
    rectangle(name + ".branch7x7_3", 192, middle, 7, 1);
    square(name + ".branch7x7dbl_1", middle, in, 1);
    rectangle(name + ".branch7x7dbl_2", middle, middle, 7, 1);
    rectangle(name + ".branch7x7dbl_3", middle, middle, 1, 7);
    rectangle(name + ".branch7x7dbl_4", middle, middle, 7, 1);
    rectangle(name + ".branch7x7dbl_5", 192, middle, 1, 7);
    square(name + ".branch_pool", 192, in, 1);
  }
  void block_d(const std::string& name, int64_t in) {
    square(name + ".branch3x3_1", 192, in, 1);
    square(name + ".branch3x3_2", 320, 192, 3);
    square(name + ".branch7x7x3_1", 192, in, 1);
    rectangle(name + ".branch7x7x3_2", 192, 192, 1, 7);
    rectangle(name + ".branch7x7x3_3", 192, 192, 7, 1);
    square(name + ".branch7x7x3_4", 192, 192, 3);
  }
  void block_e(const std::string& name, int64_t in) {
    square(name + ".branch1x1", 320, in, 1);
    square(name + ".branch3x3_1", 384, in, 1);
    rectangle(name + ".branch3x3_2a", 384, 384, 1, 3);
    rectangle(name + ".branch3x3_2b", 384, 384, 3, 1);
    square(name + ".branch3x3dbl_1", 448, in, 1);
    square(name + ".branch3x3dbl_2", 384, 448, 3);
    rectangle(name + ".branch3x3dbl_3a", 384, 384, 1, 3);
    rectangle(name + ".branch3x3dbl_3b", 384, 384, 3, 1);
    square(name + ".branch_pool", 192, in, 1);
  }

  std::vector<Layer> layers_;
};

class Inception {
 public:
  Inception(Backend& backend, const Scope& weights) : b_(backend), weights_(weights) {}

  Tensor features(Tensor x) const {
    x = conv("Conv2d_1a_3x3", x, 2);
    x = same("Conv2d_2b_3x3", conv("Conv2d_2a_3x3", x, 1));
    x = b_.max_pool(x, {3, 2});
    x = conv("Conv2d_4a_3x3", conv("Conv2d_3b_1x1", x, 1), 1);
    x = b_.max_pool(x, {3, 2});
    for (const char* name : {"Mixed_5b", "Mixed_5c", "Mixed_5d"}) x = Inception(b_, weights_ / name).block_a(x);
    x = Inception(b_, weights_ / "Mixed_6a").block_b(x);
    for (const char* name : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"})
      x = Inception(b_, weights_ / name).block_c(x);
    x = Inception(b_, weights_ / "Mixed_7a").block_d(x);
    x = Inception(b_, weights_ / "Mixed_7b").block_e(x, false);
    x = Inception(b_, weights_ / "Mixed_7c").block_e(x, true);
    return b_.reshape(b_.global_mean(x), {x.dim(0), x.dim(3)});
  }

 private:
  Tensor conv(const char* name, const Tensor& x, int stride) const { return conv_relu(name, x, {.stride = stride}); }

  // A convolution with padding that preserves height and width.
  Tensor same(const char* name, const Tensor& x) const {
    const Tensor w = (weights_ / name)("weight");
    return conv_relu(name, x, {1, int(w.dim(2) / 2), int(w.dim(3) / 2)});
  }

  Tensor conv_relu(const char* name, const Tensor& x, ConvOptions options) const {
    const Scope w = weights_ / name;
    return b_.relu(b_.conv2d(x, w("weight"), w("bias"), options));
  }

  Tensor joined(std::initializer_list<Tensor> parts) const { return b_.concat({parts.begin(), parts.size()}, -1); }

  Tensor mean_branch(const Tensor& x) const { return same("branch_pool", b_.average_pool(x, {3, 1, 1})); }

  Tensor block_a(const Tensor& x) const {
    return joined({same("branch1x1", x), same("branch5x5_2", same("branch5x5_1", x)),
                   same("branch3x3dbl_3", same("branch3x3dbl_2", same("branch3x3dbl_1", x))), mean_branch(x)});
  }
  Tensor block_b(const Tensor& x) const {
    return joined({conv("branch3x3", x, 2),
                   conv("branch3x3dbl_3", same("branch3x3dbl_2", same("branch3x3dbl_1", x)), 2),
                   b_.max_pool(x, {3, 2})});
  }
  Tensor block_c(const Tensor& x) const {
    Tensor wide = same("branch7x7dbl_1", x);
    for (const char* name : {"branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"})
      wide = same(name, wide);
    return joined(
        {same("branch1x1", x), same("branch7x7_3", same("branch7x7_2", same("branch7x7_1", x))), wide, mean_branch(x)});
  }
  Tensor block_d(const Tensor& x) const {
    const Tensor wide = same("branch7x7x3_3", same("branch7x7x3_2", same("branch7x7x3_1", x)));
    return joined(
        {conv("branch3x3_2", same("branch3x3_1", x), 2), conv("branch7x7x3_4", wide, 2), b_.max_pool(x, {3, 2})});
  }
  Tensor block_e(const Tensor& x, bool maximum) const {
    const Tensor middle = same("branch3x3_1", x), wide = same("branch3x3dbl_2", same("branch3x3dbl_1", x));
    return joined({same("branch1x1", x), same("branch3x3_2a", middle), same("branch3x3_2b", middle),
                   same("branch3x3dbl_3a", wide), same("branch3x3dbl_3b", wide),
                   maximum ? same("branch_pool", b_.max_pool(x, {3, 1, 1})) : mean_branch(x)});
  }

  Backend& b_;
  Scope weights_;
};

}  // namespace

Tensor inception_features(Backend& backend, const Scope& weights, const Tensor& x) {
  constexpr int64_t kLeast = 75;
  if (x.rank() != 4 || x.dim(3) != 3 || x.dim(1) < kLeast || x.dim(2) < kLeast)
    throw ShapeError(
        cat("inception: x is ", to_string(x.shape()), ", expected (N,H,W,3) with H and W of at least ", kLeast));
  return Inception(backend, weights).features(x);
}

NamedArrays fold_batch_norms(const NamedArrays& published, const std::string& where) {
  check_tensors(inception_weights(), published, where);
  NamedArrays folded;
  for (const Layer& layer : LayerList::all()) {
    const auto values = [&](const char* name) { return published.at(layer.name + name).to_doubles(); };
    const std::vector<double> weight = values(".conv.weight"), gain = values(".bn.weight"), shift = values(".bn.bias"),
                              mean = values(".bn.running_mean"), variance = values(".bn.running_var");
    std::vector<float> scaled(weight.size()), bias(gain.size());
    const size_t filter = weight.size() / gain.size();
    for (size_t c = 0; c < gain.size(); ++c) {
      const double factor = gain[c] / std::sqrt(variance[c] + 1e-3);
      for (size_t i = c * filter; i < (c + 1) * filter; ++i) scaled[i] = float(weight[i] * factor);
      bias[c] = float(shift[c] - mean[c] * factor);
    }
    folded.arrays.emplace(layer.name + ".weight", make_array(scaled, {layer.out, layer.in, layer.height, layer.width}));
    folded.arrays.emplace(layer.name + ".bias", make_array(bias, {layer.out}));
  }
  return folded;
}

std::vector<WeightSpec> inception_weights() {
  WeightList list;
  for (const Layer& layer : LayerList::all()) {
    const double bound = 1.0 / std::sqrt(double(layer.in * layer.height * layer.width));
    list.add(layer.name + ".conv.weight", {layer.out, layer.in, layer.height, layer.width}, WeightSpec::Init::fan_in,
             bound);
    list.norm(layer.name + ".bn", layer.out);
    list.add(layer.name + ".bn.running_mean", {layer.out}, WeightSpec::Init::zeros);
    list.add(layer.name + ".bn.running_var", {layer.out}, WeightSpec::Init::ones);
  }
  return list.take();
}

}  // namespace daclip
