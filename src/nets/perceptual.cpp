#include "nets/perceptual.h"

#include <span>

#include "nets/weight_list.h"

namespace daclip {
namespace {

// A convolution, pooling or fire module of torchvision's `features`. Every convolution is followed by a ReLU.
struct Layer {
  enum Kind { conv, fire, pool, ceil_pool } kind;
  int index = 0;  // index in `features`
  int64_t in = 0, out = 0;
  int kernel = 3, stride = 1, padding = 1;
  int64_t squeezed = 0;  // channels in the middle of a fire module
  bool tap = false;      // LPIPS compares the output of this layer's ReLU
};

constexpr Layer convolution(int index, int64_t in, int64_t out, int kernel, int stride, int padding, bool tap) {
  return {Layer::conv, index, in, out, kernel, stride, padding, 0, tap};
}
constexpr Layer fire_module(int index, int64_t in, int64_t squeezed, int64_t out, bool tap) {
  return {Layer::fire, index, in, out, 3, 1, 1, squeezed, tap};
}
constexpr Layer max_pool(int kernel) { return {.kind = Layer::pool, .kernel = kernel, .stride = 2}; }
constexpr Layer ceil_pool() { return {.kind = Layer::ceil_pool, .kernel = 3, .stride = 2}; }

constexpr Layer kAlex[] = {convolution(0, 3, 64, 11, 4, 2, true),   max_pool(3),
                           convolution(3, 64, 192, 5, 1, 2, true),  max_pool(3),
                           convolution(6, 192, 384, 3, 1, 1, true), convolution(8, 384, 256, 3, 1, 1, true),
                           convolution(10, 256, 256, 3, 1, 1, true)};

constexpr Layer kSqueeze[] = {convolution(0, 3, 64, 3, 2, 0, true),
                              ceil_pool(),
                              fire_module(3, 64, 16, 128, false),
                              fire_module(4, 128, 16, 128, true),
                              ceil_pool(),
                              fire_module(6, 128, 32, 256, false),
                              fire_module(7, 256, 32, 256, true),
                              ceil_pool(),
                              fire_module(9, 256, 48, 384, true),
                              fire_module(10, 384, 48, 384, true),
                              fire_module(11, 384, 64, 512, true),
                              fire_module(12, 512, 64, 512, true)};

constexpr Layer kVgg[] = {convolution(0, 3, 64, 3, 1, 1, false),
                          convolution(2, 64, 64, 3, 1, 1, true),
                          max_pool(2),
                          convolution(5, 64, 128, 3, 1, 1, false),
                          convolution(7, 128, 128, 3, 1, 1, true),
                          max_pool(2),
                          convolution(10, 128, 256, 3, 1, 1, false),
                          convolution(12, 256, 256, 3, 1, 1, false),
                          convolution(14, 256, 256, 3, 1, 1, true),
                          max_pool(2),
                          convolution(17, 256, 512, 3, 1, 1, false),
                          convolution(19, 512, 512, 3, 1, 1, false),
                          convolution(21, 512, 512, 3, 1, 1, true),
                          max_pool(2),
                          convolution(24, 512, 512, 3, 1, 1, false),
                          convolution(26, 512, 512, 3, 1, 1, false),
                          convolution(28, 512, 512, 3, 1, 1, true)};

std::span<const Layer> layers_of(PerceptualNet net) {
  switch (net) {
    case PerceptualNet::alex: return kAlex;
    case PerceptualNet::squeeze: return kSqueeze;
    case PerceptualNet::vgg: return kVgg;
  }
  throw UsageError("an unknown perceptual network");
}

Tensor conv_relu(Backend& b, const Scope& weights, const Tensor& x, ConvOptions options) {
  return b.relu(b.conv2d(x, weights("weight"), weights("bias"), options));
}

Tensor apply(Backend& b, const Layer& layer, const Scope& features, const Tensor& x) {
  const Scope weights = features / layer.index;
  switch (layer.kind) {
    case Layer::conv: return conv_relu(b, weights, x, {layer.stride, layer.padding});
    case Layer::pool: return b.max_pool(x, {layer.kernel, layer.stride});
    case Layer::ceil_pool: return b.max_pool(x, {.kernel = layer.kernel, .stride = layer.stride, .ceil_mode = true});
    case Layer::fire: break;
  }
  const Tensor squeezed = conv_relu(b, weights / "squeeze", x, {});
  const Tensor parts[] = {conv_relu(b, weights / "expand1x1", squeezed, {}),
                          conv_relu(b, weights / "expand3x3", squeezed, {.padding = 1})};
  return b.concat(parts, -1);
}

}  // namespace

const char* perceptual_net_name(PerceptualNet net) {
  return net == PerceptualNet::alex ? "alex" : net == PerceptualNet::squeeze ? "squeeze" : "vgg";
}

std::vector<int64_t> perceptual_channels(PerceptualNet net) {
  std::vector<int64_t> channels;
  for (const Layer& layer : layers_of(net))
    if (layer.tap) channels.push_back(layer.out);
  return channels;
}

int64_t perceptual_least_size(PerceptualNet net) {
  return net == PerceptualNet::alex ? 31 : net == PerceptualNet::squeeze ? 25 : 16;
}

std::vector<Tensor> perceptual_taps(Backend& backend, PerceptualNet net, const Scope& weights, const Tensor& x,
                                    int count) {
  const int64_t least = perceptual_least_size(net);
  if (x.rank() != 4 || x.dim(3) != 3 || x.dim(1) < least || x.dim(2) < least)
    throw ShapeError(cat(perceptual_net_name(net), ": x is ", to_string(x.shape()), ", expected (N,H,W,3), H and W at ",
                         "least ", least));
  std::vector<Tensor> taps;
  Tensor y = x;
  for (const Layer& layer : layers_of(net)) {
    if (int(taps.size()) == count) break;
    y = apply(backend, layer, weights / "features", y);
    if (layer.tap) taps.push_back(y);
  }
  return taps;
}

void append_normalised(const FloatImage& rgb, std::vector<float>& values) {
  constexpr double kShift[] = {-0.030, -0.088, -0.188}, kScale[] = {0.458, 0.448, 0.450};
  for (size_t i = 0; i < rgb.data.size(); ++i)
    values.push_back(float((2 * double(rgb.data[i]) - 1 - kShift[i % 3]) / kScale[i % 3]));
}

std::vector<WeightSpec> perceptual_weights(PerceptualNet net, int count) {
  WeightList list;
  for (const Layer& layer : layers_of(net)) {
    if (count == 0) break;
    if (layer.tap) --count;
    const std::string name = cat("features.", layer.index);
    if (layer.kind == Layer::conv) list.conv(name, layer.out, layer.in, layer.kernel);
    if (layer.kind != Layer::fire) continue;
    list.conv(name + ".squeeze", layer.squeezed, layer.in, 1);
    list.conv(name + ".expand1x1", layer.out / 2, layer.squeezed, 1);
    list.conv(name + ".expand3x3", layer.out / 2, layer.squeezed, 3);
  }
  return list.take();
}

}  // namespace daclip
