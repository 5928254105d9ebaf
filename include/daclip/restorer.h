/// @file
/// The main job: a photo in, the restored photo out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/classifier.h"
#include "daclip/export.h"
#include "daclip/image.h"
#include "daclip/model.h"
#include "daclip/sampler.h"

namespace daclip {

/// Where inpainting may paint: 1 keeps the photo's pixel, 0 is a hole.
struct DACLIP_API Mask {
  int width = 0;              ///< pixels, the photo's
  int height = 0;             ///< pixels, the photo's
  std::vector<uint8_t> keep;  ///< (height, width), 0 or 1

  /// White keeps, black is a hole; the middle grey is the border between them.
  static Mask from_image(const Image& image);
};

/// Where an embedding that steers the network comes from (DA-CLIP, Figure 9).
struct EmbeddingChoice {
  /// The origins.
  enum class Source {
    photo,  ///< the photo's own
    words,  ///< `embedding` is a text's or a label's: its direction, at the length of the photo's own
    image,  ///< `embedding` is another image's, taken as it is: that of the clean photo is the upper bound
    zero,   ///< nothing
  };
  Source source = Source::photo;  ///< which of them
  std::vector<float> embedding;   ///< of words and image: (embedding), of any length above 0
};

/// Both embeddings.
struct ConditioningChoice {
  EmbeddingChoice content;      ///< e_c
  EmbeddingChoice degradation;  ///< e_d
};

/// How a photo is restored.
struct RestoreOptions {
  std::string degradation;          ///< a label of the model; empty: recognised
  ConditioningChoice conditioning;  ///< what steers the network instead of the photo's own embeddings
  std::optional<Mask> mask;         ///< of the photo's size; without `degradation` the label is then "uncompleted"
  float strength = 1;               ///< 0 returns the input, 1 the network's result
  int views = 1;                    ///< 1, 2, 4 or 8 turned and mirrored views whose results are averaged
  int tile = 0;                     ///< largest side of a tile in pixels, at least kSmallestTile; 0: by memory_bytes
  int overlap = 128;                ///< pixels that neighbouring tiles share
  uint64_t memory_bytes = 0;        ///< bound of the activations of one tile; 0: the network's default
  SamplerOptions sampler;           ///< of diffusion models
};

/// The smallest RestoreOptions::tile.
inline constexpr int kSmallestTile = 64;

/// A restored photo, and how it came about.
struct RestoreResult {
  Image image;              ///< size, bit depth, grey or colour, alpha, profile and EXIF of the input
  Recognition recognition;  ///< before any override; empty where the model has no CLIP
  std::string degradation;  ///< the label that was recognised or chosen; empty where the model has no CLIP
  bool untouched = false;   ///< recognised as clean and returned as it came
  bool unsure = false;      ///< what was recognised decided, and is unsure (Recognition::unsure)
  int tiles = 0;            ///< that the photo was cut into
  int evaluations = 0;      ///< of the network for each tile and view (NFE)
};

/// Receives the finished fraction, 0 to 1, after every evaluation of the network, in the thread that restores. Returns
/// whether to go on; false makes restore() throw Cancelled.
using Progress = std::function<bool(double fraction)>;

/// Restores with one model. An object serves one thread at a time; objects are independent of each other.
class DACLIP_API Restorer {
 public:
  /// @param model  is kept
  /// @param threads  of the CPU; 0: as many as there are cores
  /// @throws UsageError where the model has no restoration network
  explicit Restorer(const Model& model, int threads = 0);
  ~Restorer();
  Restorer(Restorer&&) noexcept;             ///< moves
  Restorer& operator=(Restorer&&) noexcept;  ///< moves

  /// Restores a photo of any size from 1x1. Memory: the input, the result, and one tile's activations with its strip of
  /// the photo.
  /// @throws UsageError for options that make no sense or that this model has no use for, and for a mask of another
  ///         size; ShapeError for an image whose fields contradict each other; LimitError where memory does not
  ///         suffice; Cancelled
  RestoreResult restore(const Image& photo, const RestoreOptions& options = {}, const Progress& progress = {});

  /// Throws what restore() would throw for these options, whatever the photo.
  void check(const RestoreOptions& options) const;

  /// A text's embedding, (embedding), for EmbeddingChoice::Source::words. A text beyond the context loses its end.
  /// @throws UsageError where the model reads no words (Model::reads_words())
  std::vector<float> embed_text(std::string_view text);

  /// What CLIP sees in a clean version of a photo, (embedding), for EmbeddingChoice::Source::image.
  /// @throws UsageError where the model has no CLIP
  std::vector<float> embed_clean_image(const Image& image);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace daclip
