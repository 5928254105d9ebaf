/// @file
/// Restores photos.
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

/// The region to inpaint: 1 keeps the photo's pixel, 0 is a hole.
struct DACLIP_API Mask {
  int width = 0;              ///< pixels, as in the photo
  int height = 0;             ///< pixels, as in the photo
  std::vector<uint8_t> keep;  ///< (height, width), 0 or 1

  /// Which pixels of a picture are holes.
  enum class Holes { black, white };

  /// From a picture of the photo's size. The threshold is middle grey, which counts as white. A picture with
  /// transparent pixels is read by them: they are the holes, unless all that is visible has the colour of holes.
  static Mask from_image(const Image& image, Holes holes = Holes::black);
};

/// Source of an embedding that conditions the network (DA-CLIP, Figure 9).
struct EmbeddingChoice {
  /// The possible sources.
  enum class Source {
    photo,  ///< the photo's own
    words,  ///< `embedding` of a text or label, rescaled to the length of the photo's own
    image,  ///< `embedding` of another image, used unchanged; the clean photo's gives an upper bound
    zero,   ///< all zeros
  };
  Source source = Source::photo;  ///< the chosen source
  std::vector<float> embedding;   ///< for words and image: (embedding), of nonzero norm
};

/// Sources of both embeddings.
struct ConditioningChoice {
  EmbeddingChoice content;      ///< e_c
  EmbeddingChoice degradation;  ///< e_d
};

/// What a sentence asks for, see Restorer::understand().
struct Instruction {
  /// A kind of damage that it wants repaired.
  struct Repair {
    std::string label;   ///< "rainy"
    float strength = 1;  ///< how much of the repair to take, above 0 to 1: "a little" is less than "completely"
  };
  std::vector<Repair> repairs;             ///< none, or each label once
  std::vector<std::string> kept;           ///< labels that it wants to stay: "but keep the fog"
  bool everything = false;                 ///< it wants other kinds repaired too, where they are recognised
  std::vector<std::string> unknown_words;  ///< words that the model does not know
};

/// Largest and default RestoreOptions::passes.
inline constexpr int kMostPasses = 3, kDefaultPasses = 1;

/// Options of Restorer::restore().
struct RestoreOptions {
  std::string degradation;                 ///< a label of the model; empty: the recognised one
  std::optional<Instruction> instruction;  ///< what to repair, in place of `degradation` and the recognition
  ConditioningChoice conditioning;         ///< sources of the embeddings that condition the network
  std::optional<Mask> mask;                ///< same size as the photo; sets an empty `degradation` to "uncompleted"
  float strength = 1;                      ///< blend: 0 returns the input, 1 the network's result
  int passes = kDefaultPasses;             ///< repairs until nothing is found, at most so often; 1 to kMostPasses
  int views = 1;                           ///< self-ensemble: averages the results of 1 to 8 rotated and mirrored views
  int tile = 0;               ///< maximum tile side in pixels, at least kSmallestTile; 0: from memory_bytes
  int overlap = 128;          ///< overlap of neighbouring tiles in pixels
  uint64_t memory_bytes = 0;  ///< limit for one tile's activations; 0: the network's default
  SamplerOptions sampler;     ///< for diffusion models
};

/// The smallest nonzero RestoreOptions::tile.
inline constexpr int kSmallestTile = 64;

/// Why a photo was returned unchanged.
enum class UntouchedReason {
  clean,        ///< recognised as clean
  featureless,  ///< one flat colour, such as a black frame: there is nothing to recognise
  white_areas,  ///< recognised as "uncompleted", but the white may belong to the picture: holes need a mask
};

/// A restored photo, with the decisions and costs behind it.
struct RestoreResult {
  Image image;  ///< with the input's size, bit depth, channels, alpha, profile and metadata; if the network changed
                ///< it, XMP's DigitalSourceType says so
  Recognition recognition;  ///< before any override; empty if the model has no CLIP
  std::string degradation;  ///< the label used, recognised or chosen; empty if the model has no CLIP
  /// The kinds of damage that each pass repaired: those that it found or that were asked for, or `degradation`. Empty
  /// if untouched, or if the model has no CLIP.
  std::vector<std::vector<std::string>> repairs;
  bool untouched = false;                           ///< the input was returned unchanged, for `reason`
  UntouchedReason reason = UntouchedReason::clean;  ///< if `untouched`
  bool unsure = false;  ///< the recognition was used although Recognition::unsure is set; a model with a damage
                        ///< network then repairs at a lower strength
  int tiles = 0;        ///< number of tiles
  int evaluations = 0;  ///< network evaluations per tile and view (NFE)
};

/// Called with the finished fraction, 0 to 1, after every network evaluation, in the thread that called restore().
/// Return true to continue; false makes restore() throw Cancelled.
using Progress = std::function<bool(double fraction)>;

/// Restores photos with one model. Use an object in one thread at a time; different objects are independent.
class DACLIP_API Restorer {
 public:
  /// @param model  its weights are shared, not copied
  /// @param threads  CPU threads; 0: one per core
  /// @throws UsageError if the model has no restoration network
  explicit Restorer(const Model& model, int threads = 0);
  ~Restorer();
  Restorer(Restorer&&) noexcept;             ///< moves
  Restorer& operator=(Restorer&&) noexcept;  ///< moves

  /// Restores a photo of any size from 1x1. Memory use: the input, the result, one tile's activations, and a strip of
  /// the photo that is one tile high.
  /// @throws UsageError for options that are invalid or not supported by this model, and for a mask of another size;
  ///         ShapeError for an image with inconsistent fields; LimitError for lack of memory; Cancelled if `progress`
  ///         returns false
  RestoreResult restore(const Image& photo, const RestoreOptions& options = {}, const Progress& progress = {});

  /// Throws the errors of restore() that depend only on the options.
  void check(const RestoreOptions& options) const;

  /// What an instruction such as "remove the rain but keep the fog" asks for, for RestoreOptions::instruction.
  /// @throws UsageError if the model understands none (Model::understands_instructions()), or if it finds no wish in it
  Instruction understand(std::string_view text);

  /// Embedding of a text, (embedding), for EmbeddingChoice::Source::words. Text beyond the context is truncated.
  /// @throws UsageError if the model cannot embed text (Model::reads_words())
  std::vector<float> embed_text(std::string_view text);

  /// Content embedding of a clean photo, (embedding), for EmbeddingChoice::Source::image.
  /// @throws UsageError if the model has no CLIP
  std::vector<float> embed_clean_image(const Image& image);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace daclip
