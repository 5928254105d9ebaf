// Writes small TensorFlow.js graph models as its converter leaves them: layers without names of their own, whose
// constants the operations consume.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "core/error.h"
#include "weights/named_arrays.h"

namespace daclip::test {

class TfjsWriter {
 public:
  // The operation that consumes the constant gets the name that the converter would give it.
  void convolution(const std::string& layer, const std::vector<int64_t>& shape, const std::vector<float>& values) {
    parameter(cat(layer, "/Conv2D"), "Conv2D", shape, values);
  }
  void transposed_convolution(const std::string& layer, const std::vector<int64_t>& shape,
                              const std::vector<float>& values) {
    parameter(cat(layer, "/conv2d_transpose"), "Conv2DBackpropInput", shape, values);
  }
  void dense(const std::string& layer, const std::vector<int64_t>& shape, const std::vector<float>& values) {
    parameter(cat(layer, "/einsum/Einsum"), "Einsum", shape, values);
  }
  void bias(const std::string& layer, const std::vector<float>& values) {
    parameter(cat(layer, "/jit_fn_/AddV2_1"), "AddV2", {1, 1, 1, int64_t(values.size())}, values);
  }
  void gain(const std::string& layer, const std::vector<float>& values) {
    parameter(cat(layer, "/jit_fn_/Mul_4"), "Mul", {1, 1, 1, int64_t(values.size())}, values);
  }
  // A constant that is no parameter.
  void other(const std::string& operation, const std::vector<int64_t>& shape, const std::vector<float>& values) {
    parameter(cat("folded/", operation), operation, shape, values);
  }

  std::string model(const std::string& shards = R"("shard1","shard2")") const {
    return cat(R"({"format":"graph-model","modelTopology":{"node":[)", nodes_, R"(]},"weightsManifest":[{"paths":[)",
               shards, R"(],"weights":[)", weights_, "]}]}");
  }

  // All values, cut in the middle of one, as the converter cuts them.
  std::vector<uint8_t> shard(const std::string& name) const {
    const size_t cut = data_.size() / 2 + 1;
    return name == "shard1" ? std::vector<uint8_t>(data_.begin(), data_.begin() + std::ptrdiff_t(cut))
                            : std::vector<uint8_t>(data_.begin() + std::ptrdiff_t(cut), data_.end());
  }

 private:
  void parameter(const std::string& node, const std::string& operation, const std::vector<int64_t>& shape,
                 const std::vector<float>& values) {
    const std::string constant = cat("Const_", ++constants_);
    std::string lengths;
    for (const int64_t length : shape) lengths += cat(lengths.empty() ? "" : ",", length);
    weights_ += cat(weights_.empty() ? "" : ",", R"({"name":")", constant, R"(","shape":[)", lengths,
                    R"(],"dtype":"float32"})");
    nodes_ += cat(nodes_.empty() ? "" : ",", R"({"name":")", constant,
                  R"(","op":"Const","attr":{"dtype":{"type":"DT_FLOAT"}}},{"name":")", node, R"(","op":")", operation,
                  R"(","input":["before",")", constant, R"("],"attr":{"T":{"type":"DT_FLOAT"}}})");
    const size_t begin = data_.size();
    data_.resize(begin + values.size() * sizeof(float));
    std::memcpy(data_.data() + begin, values.data(), values.size() * sizeof(float));
  }

  int constants_ = 0;
  std::string nodes_, weights_;
  std::vector<uint8_t> data_;
};

// The model that tfjs.h reads as these weights.
inline TfjsWriter tfjs_of(const NamedArrays& weights, const std::string& scope) {
  TfjsWriter writer;
  for (const auto& [name, array] : weights.arrays) {
    const size_t dot = name.rfind('.');
    std::string layer = cat(scope, name.substr(0, dot));
    for (char& c : layer) c = c == '.' ? '/' : c;
    const std::vector<float> from = array.to_floats();
    const std::vector<int64_t>& s = array.shape;
    const bool grows = layer.find("ConvTranspose") != layer.npos;
    std::vector<float> to(from.size());
    if (s.size() == 1) {
      if (name.ends_with(".weight")) writer.gain(layer, from);
      std::vector<float> few;
      for (size_t i = 0; i < from.size(); i += grows ? 4 : 1) few.push_back(from[i]);
      if (name.ends_with(".bias")) writer.bias(layer, few);
      continue;
    }
    const size_t out = size_t(s[0]), in = size_t(s[1]), taps = from.size() / (out * in);
    for (size_t o = 0; o < out; ++o)
      for (size_t i = 0; i < in; ++i)
        for (size_t t = 0; t < taps; ++t)
          to[grows ? (o % 4 * (out / 4) + o / 4) * in + i : (t * in + i) * out + o] = from[(o * in + i) * taps + t];
    if (grows)
      writer.transposed_convolution(layer, {2, 2, s[0] / 4, s[1]}, to);
    else if (s.size() == 4)
      writer.convolution(layer, {s[2], s[3], s[1], s[0]}, to);
    else
      writer.dense(layer, {s[1], s[0]}, to);
  }
  return writer;
}

}  // namespace daclip::test
