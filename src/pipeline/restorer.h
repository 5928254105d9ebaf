// The main job: a photo in, the restored photo out.
#pragma once

#include <functional>
#include <optional>

#include "pipeline/classifier.h"

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
  std::optional<Mask> mask;         // the photo's size; without `degradation` the label is then "uncompleted"
  float strength = 1;               // 0 returns the input, 1 the network's result
  int tile = 0;                     // largest side of a tile in pixels, at least kSmallestTile; 0: by memory_bytes
  int overlap = 96;                 // pixels that neighbouring tiles share
  uint64_t memory_bytes = 512u << 20;  // bound of the activations of one tile, for the automatic choice
  float clean_probability = 0.5f;   // a photo recognised as "clean" with at least this is returned as it came
};

inline constexpr int kSmallestTile = 64;

struct RestoreResult {
  Image image;                   // size, bit depth, grey or colour, alpha, profile and EXIF of the input
  Conditioning conditioning;     // as recognised, before any override
  std::string degradation;       // the label that steered the network
  bool untouched = false;        // recognised as clean and returned as it came
  int tiles = 0;                 // network evaluations
};

class Restorer {
 public:
  // Both are kept by reference. Throws UsageError where the model has no restoration network.
  Restorer(Backend& backend, const Model& model);

  // Told the finished share, 0 to 1, after every tile.
  using Progress = std::function<void(double)>;

  // Memory: the input, the result, and one tile's activations with its strip of the photo. Throws UsageError for
  // options that make no sense and a mask of another size.
  RestoreResult restore(const Image& image, const RestoreOptions& options = {}, const Progress& progress = {}) const;

  // Largest tile side for a photo of this width that keeps to `memory_bytes`.
  int automatic_tile(int width, uint64_t memory_bytes) const;

 private:
  Image run(const Image& image, const Contexts& contexts, const RestoreOptions& options, const Progress& progress,
            int& evaluations) const;
  FloatImage run_tile(const FloatImage& tile, const Contexts& contexts) const;

  Backend& backend_;
  const Model& model_;
  NafnetConfig network_;
  Classifier classifier_;
};

}  // namespace daclip
