// A restoration network as the rest of the program sees it: nothing outside src/nets asks which network it is.
//
// A new network is a file pair in src/nets that derives from DirectNetwork or DiffusionNetwork and defines its
// NetworkType, and a line in src/nets/registry.cpp.
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

// One photo's tiles on their way through a network: what they share is computed once.
class TileSession {
 public:
  virtual ~TileSession() = default;

  virtual int evaluations() const = 0;  // of the network for each tile (NFE)

  // A network whose result depends on more than a tile looks at the whole photo first. `preparation` is the fraction of
  // the photo's work that this takes.
  virtual double preparation(const TileGrid& grid) const {
    (void)grid;
    return 0;
  }
  virtual void prepare(const Image& photo, const TileGrid& grid, const ProgressFraction& progress) {
    (void)photo, (void)grid, (void)progress;
  }

  // `tile` lies at (left, top) of its photo; RGB in [0,1], any size from 1x1 -> the restored tile of the same size, not
  // clamped.
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
  // Throws FormatError "restorer.FIELD: VALUE: expected RANGE", or naming the fields that contradict each other.
  virtual void validate() const = 0;
  virtual ContextDims context_dims() const = 0;
  virtual void set_context_dims(const ContextDims& dims) = 0;
  virtual std::vector<std::string> describe() const = 0;  // a line each, for people

  // --- Size ---------------------------------------------------------------------------------------------------------
  virtual std::vector<WeightSpec> weights() const = 0;  // under the published names
  virtual int multiple() const = 0;                     // sides of what the network sees are multiples of this
  virtual double bytes_per_pixel(size_t element_size) const = 0;  // of a tile at the peak; elements are activations
  virtual uint64_t default_memory() const = 0;                    // bytes for a tile, where nobody sets a bound

  // --- Running ------------------------------------------------------------------------------------------------------
  // Throws UsageError for options that the network has no use for or cannot follow.
  virtual void check_sampling(const SamplerOptions& options) const = 0;
  // "mars-ode-2, 10 evaluations, seed 0"; empty for a network that does not sample.
  virtual std::string describe_sampling(const SamplerOptions& options) const = 0;
  virtual int default_evaluations() const = 0;  // of one tile (NFE)
  // One evaluation, for counting and timing. picture (N,H,W,3) -> (N,H,W,3).
  virtual Tensor evaluate(Backend& backend, const Scope& weights, const Tensor& picture,
                          const Contexts& contexts) const = 0;
  // Network, backend and weights are kept by reference. Throws UsageError as check_sampling() does.
  virtual std::unique_ptr<TileSession> session(Backend& backend, const Scope& weights, const Contexts& contexts,
                                               const SamplerOptions& options) const = 0;
};

// One of the paper's configurations, for tables of costs.
struct PublishedNetwork {
  std::string name;
  std::shared_ptr<const RestorationNetwork> network;
};

// What is known of a kind of network without an object.
struct NetworkType {
  std::string_view name;                          // in model files and training configurations: "nafnet"
  std::string_view title;                         // for people: "NAFNet"
  std::unique_ptr<RestorationNetwork> (*make)();  // with its default configuration
  bool (*matches)(const NamedArrays& arrays);     // whether a checkpoint's tensor names are this network's
  // The configuration that a checkpoint's shapes show. Throws WeightsError, LimitError; `where` names the file.
  std::unique_ptr<RestorationNetwork> (*detect)(const NamedArrays& arrays, const std::string& where);
  std::vector<PublishedNetwork> (*published)();
};

}  // namespace daclip
