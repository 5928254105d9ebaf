// Lists a network's weights layer by layer, with PyTorch's default initialisation.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "restoration/weight_spec.h"

namespace daclip {

class WeightList {
 public:
  void add(std::string name, Shape shape, WeightSpec::Init init, double scale = 0) {
    specs_.push_back({std::move(name), std::move(shape), init, scale});
  }

  // A convolution (O,I,kh,kw), where I is the number of input channels per group.
  void conv(const std::string& name, int64_t out, int64_t in, int64_t kernel, bool bias = true) {
    const double bound = 1.0 / std::sqrt(double(in * kernel * kernel));
    add(name + ".weight", {out, in, kernel, kernel}, WeightSpec::Init::fan_in, bound);
    if (bias) add(name + ".bias", {out}, WeightSpec::Init::fan_in, bound);
  }

  void linear(const std::string& name, int64_t out, int64_t in, bool bias = true) {
    const double bound = 1.0 / std::sqrt(double(in));
    add(name + ".weight", {out, in}, WeightSpec::Init::fan_in, bound);
    if (bias) add(name + ".bias", {out}, WeightSpec::Init::fan_in, bound);
  }

  void zero_linear(const std::string& name, int64_t out, int64_t in) {
    add(name + ".weight", {out, in}, WeightSpec::Init::zeros);
    add(name + ".bias", {out}, WeightSpec::Init::zeros);
  }

  // CLIP's initialisation: normal with standard deviation `deviation`, zero bias.
  void normal_linear(const std::string& name, int64_t out, int64_t in, double deviation) {
    add(name + ".weight", {out, in}, WeightSpec::Init::normal, deviation);
    add(name + ".bias", {out}, WeightSpec::Init::zeros);
  }

  void norm(const std::string& name, int64_t channels) {
    add(name + ".weight", {channels}, WeightSpec::Init::ones);
    add(name + ".bias", {channels}, WeightSpec::Init::zeros);
  }

  std::vector<WeightSpec> take() { return std::move(specs_); }

 private:
  std::vector<WeightSpec> specs_;
};

}  // namespace daclip
