#include "nets/damage_net.h"

#include "core/error.h"
#include "nets/perceptual.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr PerceptualNet kNet = PerceptualNet::squeeze;
constexpr int kTileTaps = 3;      // up to fire5, at an eighth of the resolution: tiles show textures, not things
constexpr int kFirstViewTap = 2;  // fire5; earlier features of the reduced view say nothing
constexpr float kNormEps = 1e-5f;

int64_t channels_of(int first, int count) {
  const std::vector<int64_t> channels = perceptual_channels(kNet);
  int64_t sum = 0;
  for (int tap = first; tap < count; ++tap) sum += channels[size_t(tap)];
  return sum;
}

int64_t view_features() { return channels_of(kFirstViewTap, kAllTaps) + perceptual_channels(kNet).back(); }

Tensor flat(Backend& b, const Tensor& x) { return b.reshape(x, {x.dim(0), x.dim(-1)}); }

// The means over the map of each tap from `first` on: (N, channels).
std::vector<Tensor> means(Backend& b, const std::vector<Tensor>& taps, int first) {
  std::vector<Tensor> result;
  for (size_t tap = size_t(first); tap < taps.size(); ++tap) result.push_back(flat(b, b.global_mean(taps[tap])));
  return result;
}

Tensor maximum(Backend& b, const Tensor& map) {
  const int side = int(map.dim(1));
  return flat(b, b.max_pool(map, {.kernel = side, .stride = side}));
}

Tensor normed(Backend& b, const Scope& w, const Tensor& x) { return b.layer_norm(x, w("weight"), w("bias"), kNormEps); }

Tensor dense(Backend& b, const Scope& w, const Tensor& x) { return b.linear(x, w("weight"), w("bias")); }

Tensor see_view(Backend& b, const Scope& w, const Tensor& view) {
  const std::vector<Tensor> taps = perceptual_taps(b, kNet, w / "view", view);
  std::vector<Tensor> parts = means(b, taps, kFirstViewTap);
  parts.push_back(maximum(b, taps.back()));
  return normed(b, w / "norm" / "view", b.concat(parts, 1));
}

// The mean and the maximum over a photo's tiles: noise is everywhere, a sharp edge in one tile denies blur.
Tensor see_tiles(Backend& b, const DamageConfig& config, const Scope& w, const Tensor& tiles) {
  const std::vector<Tensor> taps = perceptual_taps(b, kNet, w / "tiles", tiles, kTileTaps);
  const Tensor of_tile = normed(b, w / "norm" / "tiles", b.concat(means(b, taps, 0), 1));
  const Tensor features = b.relu(dense(b, w / "tile", of_tile));
  const int64_t photos = tiles.dim(0) / (config.grid * config.grid);
  const Tensor grid = b.reshape(features, {photos, config.grid, config.grid, config.features});
  const Tensor parts[] = {flat(b, b.global_mean(grid)), maximum(b, grid)};
  return b.concat(parts, 1);
}

}  // namespace

void visit(ConfigVisitor& v, DamageConfig& c) {
  v.field("view", c.view, between(32, 1024));
  v.field("tile", c.tile, between(32, 1024));
  v.field("grid", c.grid, between(1, 16));
  v.field("features", c.features, between(1, 4096));
  v.field("hidden", c.hidden, between(1, 4096));
  v.field("kinds", c.kinds, between(1, 1000));
  v.field("controller_weight", c.controller_weight, between(0, 10), Presence::optional);
}

void validate(const DamageConfig& config) {
  DamageConfig copy = config;
  RangeCheck check("damage");
  visit(check, copy);
}

Tensor damage_logits(Backend& backend, const DamageConfig& config, const Scope& weights, const Tensor& view,
                     const Tensor& tiles) {
  const auto square = [](const Tensor& x, int side) {
    return x.rank() == 4 && x.dim(1) == side && x.dim(2) == side && x.dim(3) == 3;
  };
  if (!square(view, config.view) || !square(tiles, config.tile) ||
      tiles.dim(0) != view.dim(0) * config.grid * config.grid)
    throw ShapeError(cat("damage: view ", to_string(view.shape()), " and tiles ", to_string(tiles.shape()),
                         ", expected (N, ", config.view, ", ", config.view, ", 3) and (", config.grid * config.grid,
                         " N, ", config.tile, ", ", config.tile, ", 3)"));
  const Tensor parts[] = {see_view(backend, weights, view), see_tiles(backend, config, weights, tiles)};
  const Tensor hidden = backend.relu(dense(backend, weights / "head" / 0, backend.concat(parts, 1)));
  return dense(backend, weights / "head" / 1, hidden);
}

std::vector<WeightSpec> damage_weights(const DamageConfig& config) {
  WeightList list;
  list.norm("norm.view", view_features());
  list.norm("norm.tiles", channels_of(0, kTileTaps));
  list.linear("tile", config.features, channels_of(0, kTileTaps));
  list.linear("head.0", config.hidden, view_features() + 2 * config.features);
  list.linear("head.1", 2 * config.kinds, config.hidden);
  std::vector<WeightSpec> specs = list.take();
  for (const auto& [part, taps] : {std::pair{"view.", kAllTaps}, std::pair{"tiles.", kTileTaps}})
    for (WeightSpec& spec : perceptual_weights(kNet, taps)) {
      spec.name.insert(0, part);
      specs.push_back(std::move(spec));
    }
  return specs;
}

}  // namespace daclip
