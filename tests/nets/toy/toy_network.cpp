#include "nets/toy/toy_network.h"

#include "core/error.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace test {

void visit(ConfigVisitor& v, ToyConfig& c) { v.field("kernel", c.kernel, between(1, 15)); }

void validate(const ToyConfig& config) {
  ToyConfig copy = config;
  RangeCheck check("restorer");
  visit(check, copy);
  if (config.kernel % 2 == 0) throw FormatError(cat("restorer.kernel: ", config.kernel, ": expected an odd number"));
}

namespace {

class Toy : public DirectNetwork {
 public:
  explicit Toy(const ToyConfig& config) : config_(config) {}

  const NetworkType& type() const override;
  std::unique_ptr<RestorationNetwork> clone() const override { return std::make_unique<Toy>(config_); }
  void visit(ConfigVisitor& visitor) override { test::visit(visitor, config_); }
  void validate() const override { test::validate(config_); }
  ContextDims context_dims() const override { return {}; }
  void set_context_dims(const ContextDims&) override {}
  std::vector<std::string> describe() const override { return {cat("toy, kernel ", config_.kernel)}; }
  std::vector<WeightSpec> weights() const override {
    WeightList list;
    list.conv("toy", 3, 3, config_.kernel);
    return list.take();
  }
  int multiple() const override { return 1; }
  double values_per_pixel() const override { return 9; }
  bool pools_globally() const override { return false; }
  Tensor forward(Backend& b, const Scope& w, const Tensor& lq, const Contexts&, const Pooling&) const override {
    return b.add(lq, b.conv2d(lq, w("toy.weight"), w("toy.bias"), {.padding = config_.kernel / 2}));
  }

 private:
  ToyConfig config_;
};

}  // namespace

std::unique_ptr<DirectNetwork> make_toy(const ToyConfig& config) {
  validate(config);
  return std::make_unique<Toy>(config);
}

}  // namespace test

extern const NetworkType kToy;
const NetworkType kToy = {
    .name = "toy",
    .title = "the toy",
    .make = [] { return std::unique_ptr<RestorationNetwork>(test::make_toy({})); },
    .matches = [](const NamedArrays& arrays) { return arrays.has("toy.weight"); },
    .detect =
        [](const NamedArrays& arrays, const std::string& where) {
          const TensorShapes shapes(arrays, where);
          return std::unique_ptr<RestorationNetwork>(test::make_toy({.kernel = shapes.dim("toy.weight", 2)}));
        },
    .published = [] { return std::vector<PublishedNetwork>(); },
};

namespace test {
namespace {

const NetworkType& Toy::type() const { return kToy; }

}  // namespace
}  // namespace test
}  // namespace daclip
