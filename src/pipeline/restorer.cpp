#include "pipeline/restorer.h"

#include <algorithm>
#include <cmath>

#include "core/labels.h"
#include "image/pixels.h"
#include "pipeline/label_mixture.h"
#include "pipeline/views.h"

namespace daclip {
namespace {

// Larger tiles bring nothing but memory traffic.
constexpr int kLargestAutomaticTile = 1024;

// Values alive at a time for each pixel, where the network needs most of them.
//
// NAFNet, at the first level: about ten maps of `width` channels, which are a block's input, its two double-width
// halves, the skips of all levels and a convolution's scratch.
double direct_values(const NafnetConfig& network) {
  return 10.0 * network.width / (network.unshuffle * network.unshuffle);
}

// The U-Net, in the last level's first ResBlock: two maps side by side, the skip that is still to come, the first
// convolution's result, and three of the block's own; at half scale in the last block of all, where no skip is left.
double diffusion_values(const UnetConfig& network) { return (network.half_scale ? 6.0 : 7.0) * network.width; }

// A sampler's state, picture, predicted and fresh noise and the estimate before, of three colours each.
constexpr double kSamplerValues = 5 * 3;

void check(const RestoreOptions& options, const Image& image, const Model& model) {
  using Source = EmbeddingChoice::Source;
  const ConditioningChoice& choice = options.conditioning;
  const bool chosen = choice.content.source != Source::photo || choice.degradation.source != Source::photo;
  if (!model.config.clip && (chosen || !options.degradation.empty()))
    throw UsageError(cat("model ", model.config.name, " has no CLIP: nothing steers it"));
  if (!options.degradation.empty() && choice.degradation.source != Source::photo)
    throw UsageError("a degradation is given twice: by its name, and by an embedding");
  if (!options.degradation.empty() && model.label_index(options.degradation) < 0) {
    std::string known;
    for (const std::string& label : model.config.labels) known += (known.empty() ? "" : ", ") + label;
    throw UsageError(cat("unknown degradation ", options.degradation, "; this model knows ", known));
  }
  if (!(options.strength >= 0 && options.strength <= 1))
    throw UsageError(cat("strength ", options.strength, ": expected 0 to 1"));
  if (options.tile != 0 && options.tile < kSmallestTile)
    throw UsageError(cat("tile ", options.tile, ": expected at least ", kSmallestTile, " pixels, or 0 for automatic"));
  if (options.views < 1 || options.views > kMostViews)
    throw UsageError(cat("views ", options.views, ": expected 1 to ", kMostViews));
  if (options.mask && (options.mask->width != image.width || options.mask->height != image.height))
    throw UsageError(cat("the mask is ", options.mask->width, "x", options.mask->height, " pixels, the photo ",
                         image.width, "x", image.height));
}

Image with_white_holes(const Image& image, const Mask& mask) {
  Image result = image;
  const size_t sample = size_t(image.bits / 8), pixel = sample * size_t(image.channels);
  for (size_t i = 0; i < mask.keep.size(); ++i)
    if (!mask.keep[i])
      std::fill_n(result.data.begin() + std::ptrdiff_t(i * pixel), sample * size_t(image.colour_channels()),
                  uint8_t(255));
  return result;
}

void copy_kept_pixels(const Image& image, const Mask& mask, Image& result) {
  const size_t pixel = size_t(image.bits / 8) * size_t(image.channels);
  for (size_t i = 0; i < mask.keep.size(); ++i)
    if (mask.keep[i])
      std::copy_n(image.data.begin() + std::ptrdiff_t(i * pixel), pixel,
                  result.data.begin() + std::ptrdiff_t(i * pixel));
}

// Adds a tile's result under its window.
void accumulate(const FloatImage& tile, const TileAxis::Tile& across, const TileAxis::Tile& down, FloatImage& strip) {
  for (int y = 0; y < tile.height; ++y) {
    const float* from = tile.row(y);
    float* to = strip.row(y) + size_t(across.origin) * 3;
    for (int x = 0; x < tile.width; ++x) {
      const float weight = across.weight[size_t(x)] * down.weight[size_t(y)];
      for (int c = 0; c < 3; ++c) to[x * 3 + c] += weight * from[x * 3 + c];
    }
  }
}

// Writes the strip's first `rows` rows, which no later tile touches, and moves the rest to its top.
void flush(FloatImage& strip, int rows, int top, float strength, const Image& source, Image& result) {
  FloatImage done(strip.width, rows, 3);
  const auto end = strip.data.begin() + std::ptrdiff_t(done.data.size());
  std::copy(strip.data.begin(), end, done.data.begin());
  if (strength < 1) {
    const FloatImage before = rgb_region(source, 0, top, strip.width, rows);
    for (size_t i = 0; i < done.data.size(); ++i)
      done.data[i] = before.data[i] + strength * (std::clamp(done.data[i], 0.f, 1.f) - before.data[i]);
  }
  store_region(result, 0, top, done);
  const auto rest = std::move(end, strip.data.end(), strip.data.begin());
  std::fill(rest, strip.data.end(), 0.f);
}

// What a part of the work tells as the progress of the whole.
Restorer::Progress part_of(const Restorer::Progress& whole, double begin, double end) {
  if (!whole) return {};
  return [whole, begin, end](double share) { whole(begin + (end - begin) * share); };
}

}  // namespace

Mask Mask::from_image(const Image& image) {
  Mask mask{image.width, image.height, {}};
  mask.keep.reserve(size_t(image.width) * size_t(image.height));
  for (int y = 0; y < image.height; ++y) {
    const FloatImage row = rgb_region(image, 0, y, image.width, 1);
    for (int x = 0; x < image.width; ++x)
      mask.keep.push_back(row.at(x, 0, 0) + row.at(x, 0, 1) + row.at(x, 0, 2) >= 1.5f);
  }
  return mask;
}

Restorer::Restorer(Backend& backend, const Model& model) : backend_(backend), model_(model) {
  if (!model.config.restorer && !model.config.unet)
    throw UsageError(cat("model ", model.config.name, " recognises only: it has no restoration network"));
  if (model.config.clip) classifier_.emplace(backend, model);
}

// Origins of tiles are multiples of 8 as well, so that JPEG's blocks keep their phase.
int Restorer::alignment() const {
  return std::max(8, model_.config.restorer ? model_.config.restorer->multiple() : model_.config.unet->multiple());
}

int Restorer::automatic_tile(int width, uint64_t memory_bytes) const {
  const double element = backend_.compute_dtype() == DType::bf16 ? 2 : 4;
  const std::optional<NafnetConfig>& direct = model_.config.restorer;
  const double values = direct ? direct_values(*direct) : diffusion_values(*model_.config.unet);
  const double sampling = direct ? 0 : kSamplerValues * sizeof(double);
  const double per_pixel = values * element + sampling + 12 * sizeof(float);
  const double per_row = 3.0 * sizeof(float) * width;  // the strip under the tiles
  // side^2 * per_pixel + side * per_row = memory
  const double side = (std::sqrt(per_row * per_row + 4 * per_pixel * double(memory_bytes)) - per_row) / (2 * per_pixel);
  const int step = alignment();
  return std::max(int(std::min(side, double(kLargestAutomaticTile))) / step * step, std::max(kSmallestTile, step));
}

// Sides that are no multiples of the network's are continued by reflection: zeros, which the network itself would put there,
// were in no photo that it was trained on, and fifteen rows of them around 481x321 cost haze nearly 4 dB.
FloatImage Restorer::run_direct(const FloatImage& tile, const Contexts& contexts, const Pooling& pooling) const {
  const NafnetConfig& config = *model_.config.restorer;
  const FloatImage whole =
      continued(tile, int(round_up(tile.width, config.multiple())), int(round_up(tile.height, config.multiple())));
  const Tensor input = backend_.from_floats(whole.data, {1, whole.height, whole.width, 3});
  const Tensor output = nafnet(backend_, config, Scope(model_.weights, "restorer."), input, contexts, pooling);
  FloatImage result;
  result.width = tile.width;
  result.height = tile.height;
  result.channels = 3;
  result.data = backend_.to_floats(backend_.crop(output, tile.height, tile.width));
  return result;
}

void Restorer::measure(const Image& image, const TileGrid& grid, const MeasuringPlan& plan, const Contexts& contexts,
                       TileStatistics& statistics, const Progress& progress) const {
  run_direct(box_reduced(image, plan.reduction), contexts, statistics.of_overview(plan.parts));
  for (size_t pass = 0; pass < plan.passes; ++pass) {
    const size_t index = pass % plan.parts.size();
    const TileAxis::Tile& column = grid.across.tiles[plan.parts[index].column];
    const TileAxis::Tile& row = grid.down.tiles[plan.parts[index].row];
    const FloatImage tile = rgb_region(image, column.origin, row.origin, column.length, row.length);
    run_direct(tile, contexts, statistics.of_part(index));
    if (progress) progress(double(pass + 1) / double(plan.passes));
  }
}

TileGrid Restorer::grid(const Image& image, const RestoreOptions& options) const {
  const uint64_t memory = options.memory_bytes > 0 ? options.memory_bytes
                          : model_.config.restorer ? kDirectMemory
                                                   : kDiffusionMemory;
  const int side = options.tile > 0 ? options.tile : automatic_tile(image.width, memory);
  return {plan_tiles(image.width, side, options.overlap, alignment()),
          plan_tiles(image.height, side, options.overlap, alignment())};
}

Image Restorer::run(const Image& image, const TileGrid& grid, const TileNetwork& network, const RestoreOptions& options,
                    const Progress& progress) const {
  Image result = image;
  int done = 0;
  const Progress in_tile =
      progress ? [&](double share) { progress((done + share) / double(grid.count())); } : Progress();
  const std::vector<TileAxis::Tile>& rows = grid.down.tiles;
  FloatImage strip(image.width, rows.front().length, 3);
  for (size_t j = 0; j < rows.size(); ++j) {
    const TileAxis::Tile& row = rows[j];
    for (const TileAxis::Tile& column : grid.across.tiles) {
      const FloatImage tile = rgb_region(image, column.origin, row.origin, column.length, row.length);
      accumulate(network(tile, column.origin, row.origin, in_tile), column, row, strip);
      ++done;
    }
    const int end = j + 1 < rows.size() ? rows[j + 1].origin : image.height;
    flush(strip, end - row.origin, row.origin, options.strength, image, result);
  }
  return result;
}

// The label that is not to be recognised but taken, or empty.
std::string Restorer::chosen_label(const RestoreOptions& options) const {
  const bool holes = options.degradation.empty() && options.mask && model_.label_index(kLabels[9]) >= 0;
  return holes ? std::string(kLabels[9]) : options.degradation;
}

// Fills in what the photo is and what it is taken as; false where it needs nothing.
bool Restorer::recognise(const Image& image, const RestoreOptions& options, RestoreResult& result) const {
  if (!classifier_) return true;
  result.conditioning = classifier_->analyse(image);
  result.degradation = chosen_label(options);
  if (!result.degradation.empty()) return true;
  const Prediction best = classifier_->top(result.conditioning, 1).front();
  result.degradation = best.label;
  const bool steered = options.conditioning.degradation.source != EmbeddingChoice::Source::photo;
  result.untouched = !steered && best.label == kLabels[kClean];
  return !result.untouched;
}

Contexts Restorer::contexts_for(const Conditioning& conditioning) const {
  const std::optional<NafnetConfig>& direct = model_.config.restorer;
  const int content_dim = direct ? direct->content_dim : model_.config.unet->content_dim;
  const int degradation_dim = direct ? direct->degradation_dim : model_.config.unet->degradation_dim;
  Contexts contexts;
  if (content_dim > 0) contexts.content = backend_.from_floats(conditioning.content, {1, content_dim});
  if (degradation_dim > 0) {
    const ModelConfig& config = model_.config;
    contexts.degradation = backend_.from_floats(
        config.label_steering
            ? label_mixture(conditioning.degradation, model_.labels, config.logit_scale, config.label_bias)
            : conditioning.degradation,
        {1, degradation_dim});
  }
  return contexts;
}

Image Restorer::repair(const Image& source, const Contexts& contexts, const RestoreOptions& options,
                       RestoreResult& result, const Progress& progress) const {
  const TileGrid tiles = grid(source, options);
  const ModelConfig& config = model_.config;
  result.tiles = int(tiles.count());
  if (config.unet) {
    const Diffusion diffusion(backend_, *config.unet, config.sde, Scope(model_.weights, "restorer."), contexts,
                              options.sampler);
    result.evaluations = diffusion.evaluations();
    const auto network = [&](const FloatImage& tile, int left, int top, const Progress& told) {
      return diffusion.restore(tile, left, top, told);
    };
    return run(source, tiles, network, options, progress);
  }

  result.evaluations = 1;
  TileStatistics statistics(backend_);
  double measured = 0;  // share of the work
  if (result.tiles > 1) {
    const MeasuringPlan plan = plan_measuring(tiles, config.restorer->multiple());
    measured = double(plan.passes) / double(plan.passes + tiles.count());
    measure(source, tiles, plan, contexts, statistics, part_of(progress, 0, measured));
  }
  const auto network = [&](const FloatImage& tile, int, int, const Progress& told) {
    FloatImage restored = run_direct(tile, contexts, result.tiles > 1 ? statistics.of_tile() : Pooling());
    if (told) told(1);
    return restored;
  };
  return run(source, tiles, network, options, part_of(progress, measured, 1));
}

RestoreResult Restorer::restore(const Image& image, const RestoreOptions& options, const Progress& progress) const {
  check(options, image, model_);
  const Image holed = options.mask ? with_white_holes(image, *options.mask) : Image();
  const Image& source = options.mask ? holed : image;

  RestoreResult result;
  if (!recognise(source, options, result)) {
    result.image = image;
    return result;
  }
  ConditioningChoice choice = options.conditioning;
  const int label = model_.label_index(chosen_label(options));
  if (label >= 0 && choice.degradation.source == EmbeddingChoice::Source::photo) {
    const std::span<const float> embedding = model_.label_embedding(label);
    choice.degradation = {EmbeddingChoice::Source::words, {embedding.begin(), embedding.end()}};
  }
  const Contexts contexts = contexts_for(choose(result.conditioning, choice));

  result.image = over_views(source, options.views, [&](const Image& seen, int view) {
    return repair(seen, contexts, options, result,
                  part_of(progress, double(view) / options.views, double(view + 1) / options.views));
  });
  if (options.mask) copy_kept_pixels(image, *options.mask, result.image);
  return result;
}

}  // namespace daclip
