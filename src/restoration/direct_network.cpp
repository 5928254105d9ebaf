#include "restoration/direct_network.h"

#include "core/error.h"
#include "image/pixels.h"
#include "restoration/tile_statistics.h"

namespace daclip {
namespace {

class DirectSession : public TileSession {
 public:
  DirectSession(const DirectNetwork& network, Backend& backend, const Scope& weights, const Contexts& contexts)
      : network_(network), backend_(backend), weights_(weights), contexts_(contexts), statistics_(backend) {}

  int evaluations() const override { return 1; }

  double preparation(const TileGrid& grid) const override {
    if (!needs_statistics(grid)) return 0;
    const size_t passes = plan_measuring(grid, network_.multiple()).passes;
    return double(passes) / double(passes + grid.count());
  }

  void prepare(const Image& photo, const TileGrid& grid, const ProgressFraction& progress) override {
    measured_ = needs_statistics(grid);
    if (!measured_) return;
    const MeasuringPlan plan = plan_measuring(grid, network_.multiple());
    run(box_reduced(photo, plan.reduction), statistics_.of_overview(plan.parts));
    for (size_t pass = 0; pass < plan.passes; ++pass) {
      const size_t index = pass % plan.parts.size();
      const TileAxis::Tile& column = grid.across.tiles[plan.parts[index].column];
      const TileAxis::Tile& row = grid.down.tiles[plan.parts[index].row];
      run(rgb_region(photo, column.origin, row.origin, column.length, row.length), statistics_.of_part(index));
      if (progress) progress(double(pass + 1) / double(plan.passes));
    }
  }

  FloatImage restore(const FloatImage& tile, int, int, const ProgressFraction& progress) override {
    FloatImage restored = run(tile, measured_ ? statistics_.of_tile() : Pooling());
    if (progress) progress(1);
    return restored;
  }

 private:
  bool needs_statistics(const TileGrid& grid) const { return grid.count() > 1 && network_.pools_globally(); }

  // Pads to the network's multiple by reflection. The network's own zero padding never occurred in training: fifteen
  // rows of zeros beside a 481x321 photo cost nearly 4 dB on haze.
  FloatImage run(const FloatImage& tile, const Pooling& pooling) {
    const FloatImage whole = continued(tile, int(round_up(tile.width, network_.multiple())),
                                       int(round_up(tile.height, network_.multiple())));
    const Tensor input = backend_.from_floats(whole.data, {1, whole.height, whole.width, 3});
    const Tensor output = network_.forward(backend_, weights_, input, contexts_, pooling);
    FloatImage result;
    result.width = tile.width;
    result.height = tile.height;
    result.channels = 3;
    result.data = backend_.to_floats(backend_.crop(output, tile.height, tile.width));
    return result;
  }

  const DirectNetwork& network_;
  Backend& backend_;
  Scope weights_;
  Contexts contexts_;
  TileStatistics statistics_;
  bool measured_ = false;
};

}  // namespace

void DirectNetwork::check_sampling(const SamplerOptions& options) const {
  if (!options.sampler.empty() || options.steps > 0 || options.seed)
    throw UsageError(cat(type().title, " restores in one evaluation and takes no sampler, steps or seed"));
}

std::unique_ptr<TileSession> DirectNetwork::session(Backend& backend, const Scope& weights, const Contexts& contexts,
                                                    const SamplerOptions& options) const {
  check_sampling(options);
  return std::make_unique<DirectSession>(*this, backend, weights, contexts);
}

const DirectNetwork& as_direct(const RestorationNetwork& network) {
  const auto* direct = dynamic_cast<const DirectNetwork*>(&network);
  if (!direct)
    throw UsageError(
        cat("restorer.network: \"", network.type().name, "\": expected a network that restores in one evaluation"));
  return *direct;
}

}  // namespace daclip
