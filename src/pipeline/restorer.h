// The main job: a photo in, the restored photo out.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "pipeline/classifier.h"
#include "pipeline/conditioning.h"
#include "restoration/diffusion.h"
#include "restoration/tile_statistics.h"
#include "restoration/tiles.h"

namespace daclip {

// Where inpainting may paint: 1 keeps the photo's pixel, 0 is a hole.
struct Mask {
  int width = 0, height = 0;
  std::vector<uint8_t> keep;  // (height, width), 0 or 1

  // White keeps, black is a hole; the middle grey is the border between them.
  static Mask from_image(const Image& image);
};

struct RestoreOptions {
  std::string degradation;          // a label of the model; empty: recognised
  ConditioningChoice conditioning;  // what steers the network instead of the photo's own embeddings
  std::optional<Mask> mask;         // the photo's size; without `degradation` the label is then "uncompleted"
  float strength = 1;               // 0 returns the input, 1 the network's result
  int views = 1;                    // of the photo, whose results are averaged (views.h); time grows with their number
  int tile = 0;                     // largest side of a tile in pixels, at least kSmallestTile; 0: by memory_bytes
  int overlap = 128;                // pixels that neighbouring tiles share
  uint64_t memory_bytes = 0;        // bound of the activations of one tile, for the automatic choice; 0: see below
  SamplerOptions sampler;           // of diffusion models; others do not look at it
};

inline constexpr int kSmallestTile = 64;

// memory_bytes by default. A diffusion model attends to all of its tile: it gets what 1024x1024 pixels in float32 need.
inline constexpr uint64_t kDirectMemory = uint64_t(512) << 20, kDiffusionMemory = uint64_t(2) << 30;

struct RestoreResult {
  Image image;                // size, bit depth, grey or colour, alpha, profile and EXIF of the input
  Conditioning conditioning;  // as recognised, before any override; empty where the model has no CLIP
  std::string degradation;    // the label that was recognised or chosen; empty where the model has no CLIP
  bool untouched = false;     // recognised as clean and returned as it came
  int tiles = 0;
  int evaluations = 0;  // of the network for each tile and view (NFE): 1, or the sampler's steps
};

class Restorer {
 public:
  // Both are kept by reference. Throws UsageError where the model has no restoration network.
  Restorer(Backend& backend, const Model& model);

  // Told the finished share, 0 to 1, after every evaluation of the network.
  using Progress = std::function<void(double)>;

  // Memory: the input, the result, and one tile's activations with its strip of the photo. Throws UsageError for
  // options that make no sense or that this model has no use for, and for a mask of another size.
  RestoreResult restore(const Image& image, const RestoreOptions& options = {}, const Progress& progress = {}) const;

  // Largest tile side for a photo of this width that keeps to `memory_bytes`.
  int automatic_tile(int width, uint64_t memory_bytes) const;

 private:
  // Restores one tile of the photo, at (left, top).
  using TileNetwork = std::function<FloatImage(const FloatImage& tile, int left, int top, const Progress& progress)>;

  std::string chosen_label(const RestoreOptions& options) const;
  bool recognise(const Image& image, const RestoreOptions& options, RestoreResult& result) const;
  Contexts contexts_for(const Conditioning& conditioning) const;
  // One view of the photo; what it took is written to `result`, all but its image.
  Image repair(const Image& source, const Contexts& contexts, const RestoreOptions& options, RestoreResult& result,
               const Progress& progress) const;
  TileGrid grid(const Image& image, const RestoreOptions& options) const;
  Image run(const Image& image, const TileGrid& grid, const TileNetwork& network, const RestoreOptions& options,
            const Progress& progress) const;
  FloatImage run_direct(const FloatImage& tile, const Contexts& contexts, const Pooling& pooling) const;
  void measure(const Image& image, const TileGrid& grid, const MeasuringPlan& plan, const Contexts& contexts,
               TileStatistics& statistics, const Progress& progress) const;
  int alignment() const;

  Backend& backend_;
  const Model& model_;
  std::optional<Classifier> classifier_;
};

}  // namespace daclip
