// The interface of restoration networks. Code outside src/nets does not depend on the kind of network.
//
// To add a network, derive from DirectNetwork or DiffusionNetwork in a file pair in src/nets, define its NetworkType,
// and add a line to src/nets/registry.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_visitor.h"
#include "daclip/restorer.h"
#include "image/float_image.h"
#include "image/image.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/contexts.h"
#include "restoration/tiles.h"
#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

// Receives the finished fraction, 0 to 1.
using ProgressFraction = std::function<void(double)>;

// Restores the tiles of one photo and computes what they share once.
class TileSession {
 public:
  virtual ~TileSession() = default;

  virtual int evaluations() const = 0;  // network evaluations per tile (NFE)

  // A network whose result depends on more than the tile examines the whole photo in prepare(). preparation() is the
  // fraction of the photo's total work that this takes.
  virtual double preparation(const TileGrid& grid) const {
    (void)grid;
    return 0;
  }
  virtual void prepare(const Image& photo, const TileGrid& grid, const ProgressFraction& progress) {
    (void)photo, (void)grid, (void)progress;
  }

  // tile: RGB in [0,1], any size from 1x1, at (left, top) of its photo -> the restored tile, same size, not clamped.
  virtual FloatImage restore(const FloatImage& tile, int left, int top, const ProgressFraction& progress) = 0;
};

struct NetworkType;

// A configured network, without weights.
class RestorationNetwork {
 public:
  virtual ~RestorationNetwork() = default;

  virtual const NetworkType& type() const = 0;
  virtual std::unique_ptr<RestorationNetwork> clone() const = 0;

  // --- Configuration ----------------------------------------------------------------------------------------------
  virtual void visit(ConfigVisitor& visitor) = 0;
  // Throws FormatError "restorer.FIELD: VALUE: expected RANGE", or names the inconsistent fields.
  virtual void validate() const = 0;
  virtual ContextDims context_dims() const = 0;
  virtual void set_context_dims(const ContextDims& dims) = 0;
  virtual std::vector<std::string> describe() const = 0;  // readable lines

  // --- Size ---------------------------------------------------------------------------------------------------------
  virtual std::vector<WeightSpec> weights() const = 0;            // with the published names
  virtual int multiple() const = 0;                               // the network pads its input to multiples of this
  virtual double bytes_per_pixel(size_t element_size) const = 0;  // peak; elements are activations
  virtual uint64_t default_memory() const = 0;                    // bytes per tile, unless the user sets a limit

  // --- Running ------------------------------------------------------------------------------------------------------
  // Throws UsageError for options that are invalid or not supported by the network.
  virtual void check_sampling(const SamplerOptions& options) const = 0;
  // "mars-ode-2, 10 evaluations, seed 0"; empty for a network that does not sample.
  virtual std::string describe_sampling(const SamplerOptions& options) const = 0;
  virtual int default_evaluations() const = 0;  // per tile (NFE)
  // A single evaluation, for counting and timing. picture (N,H,W,3) -> (N,H,W,3).
  virtual Tensor evaluate(Backend& backend, const Scope& weights, const Tensor& picture,
                          const Contexts& contexts) const = 0;
  // Keeps references to the network, the backend and the weights. Throws UsageError like check_sampling().
  virtual std::unique_ptr<TileSession> session(Backend& backend, const Scope& weights, const Contexts& contexts,
                                               const SamplerOptions& options) const = 0;
};

// The same network for contexts of other lengths.
std::unique_ptr<RestorationNetwork> with_context_dims(const RestorationNetwork& network, const ContextDims& dims);

// One of the paper's configurations, for tables of computational cost.
struct PublishedNetwork {
  std::string name;
  std::shared_ptr<const RestorationNetwork> network;
};

// Static properties of a kind of network.
struct NetworkType {
  std::string_view name;                          // in model files and training configurations: "nafnet"
  std::string_view title;                         // for display: "NAFNet"
  std::unique_ptr<RestorationNetwork> (*make)();  // with its default configuration
  bool (*matches)(const NamedArrays& arrays);     // whether a checkpoint has this network's tensor names
  // Derives the configuration from a checkpoint's tensor shapes. Throws WeightsError or LimitError naming `where`.
  std::unique_ptr<RestorationNetwork> (*detect)(const NamedArrays& arrays, const std::string& where);
  std::vector<PublishedNetwork> (*published)();
  // Whether published checkpoints hold a tensor of this name that the network does not use; may be null.
  bool (*unused)(std::string_view name) = nullptr;
};

}  // namespace daclip
