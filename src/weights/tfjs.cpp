#include "weights/tfjs.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/checked.h"
#include "core/error.h"
#include "weights/printable.h"

namespace daclip {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxModel = 256 << 20;  // bytes of model.json
constexpr uint64_t kMaxWeights = uint64_t(4) << 30;
constexpr int kMaxDepth = 16;
constexpr size_t kMaxRank = 8;

// The JSON tree without the operations' attributes, which are most of it.
Json parse_json(std::span<const uint8_t> text, const std::string& where) {
  if (text.size() > kMaxModel) throw LimitError(cat(where, ": larger than ", kMaxModel >> 20, " MiB"));
  bool too_deep = false;
  std::string key;
  const auto keep = [&](int depth, Json::parse_event_t event, Json& parsed) {
    too_deep |= depth > kMaxDepth;
    if (event == Json::parse_event_t::key) return parsed.get_ref<const std::string&>() != "attr" && !too_deep;
    return !too_deep;
  };
  Json model = Json::parse(text.begin(), text.end(), keep, false);
  if (too_deep) throw FormatError(cat(where, ": JSON nested deeper than ", kMaxDepth));
  if (!model.is_object()) throw FormatError(cat(where, ": not a JSON object"));
  return model;
}

class Reader {
 public:
  Reader(Json model, const ShardReader& shard, const std::string& where)
      : model_(std::move(model)), shard_(shard), where_(where) {}

  StateDict read() {
    read_manifest();
    collect_parameters();
    result_.origin = "TensorFlow.js graph model";
    return std::move(result_);
  }

 private:
  struct Constant {
    std::vector<int64_t> shape;
    const float* values = nullptr;  // null: not float32
    uint64_t count = 0;
  };
  struct Parameter {
    std::string layer;
    enum class Role { convolution, growing, dense, bias, gain } role;
    const Constant* constant;
  };

  const Json& member(const Json& object, const char* name, Json::value_t type) const {
    const auto it = object.find(name);
    if (it == object.end() || it->type() != type)
      throw FormatError(cat(where_, ": ", name, " is missing, expected a TensorFlow.js graph model"));
    return *it;
  }
  const std::string& text(const Json& object, const char* name) const {
    return member(object, name, Json::value_t::string).get_ref<const std::string&>();
  }

  void read_manifest() {
    for (const Json& group : member(model_, "weightsManifest", Json::value_t::array)) {
      if (!group.is_object()) throw FormatError(cat(where_, ": weightsManifest: expected objects"));
      std::vector<SharedBytes> parts;
      uint64_t total = 0;
      for (const Json& path : member(group, "paths", Json::value_t::array)) {
        if (!path.is_string()) throw FormatError(cat(where_, ": weightsManifest: paths: expected names"));
        const std::string name = path.get<std::string>();
        if (name.empty() || name.find('/') != std::string::npos || name == "..")
          throw FormatError(cat(where_, ": shard ", printable(name), ": expected a file beside the model"));
        parts.push_back(shard_(name));
        total = checked_add(total, parts.back().bytes.size(), "shards");
      }
      if (total > kMaxWeights) throw LimitError(cat(where_, ": more than ", kMaxWeights >> 30, " GiB of weights"));
      // Floats, so that the values are aligned. All of the constants have elements of four bytes.
      auto data = std::make_shared<std::vector<float>>(size_t(total / sizeof(float)));
      read_constants(member(group, "weights", Json::value_t::array), *data, total);
      auto* to = reinterpret_cast<uint8_t*>(data->data());
      for (const SharedBytes& part : parts) {
        if (part.bytes.empty()) continue;
        std::memcpy(to, part.bytes.data(), part.bytes.size());
        to += part.bytes.size();
      }
      owners_.push_back(std::move(data));
    }
  }

  // Finds each constant's place in `data`, whose size in bytes is `total`.
  void read_constants(const Json& weights, const std::vector<float>& data, uint64_t total) {
    uint64_t offset = 0;  // in elements
    for (const Json& weight : weights) {
      if (!weight.is_object()) throw FormatError(cat(where_, ": weightsManifest: weights: expected objects"));
      const std::string& name = text(weight, "name");
      const std::string& type = text(weight, "dtype");
      if (weight.contains("quantization"))
        throw FormatError(cat(where_, ": weight ", printable(name), " is quantised, expected float32"));
      if (type != "float32" && type != "int32")
        throw FormatError(cat(where_, ": weight ", printable(name), " has the type ", printable(type),
                              ", expected float32 or int32"));
      Constant constant;
      for (const Json& length : member(weight, "shape", Json::value_t::array)) {
        if (!length.is_number_integer() || constant.shape.size() == kMaxRank)
          throw FormatError(cat(where_, ": weight ", printable(name), ": bad shape"));
        constant.shape.push_back(length.get<int64_t>());
      }
      constant.count = checked_numel(constant.shape, "shape");
      const uint64_t end = checked_add(offset, constant.count, "weights");
      if (end > data.size())
        throw FormatError(
            cat(where_, ": weight ", printable(name), " lies beyond the ", total, " bytes of the shards"));
      if (type == "float32") constant.values = data.data() + offset;
      offset = end;
      if (!constants_.emplace(name, std::move(constant)).second)
        throw FormatError(cat(where_, ": weight ", printable(name), " is listed twice"));
    }
    if (checked_mul(offset, sizeof(float), "weights") != total)
      throw FormatError(cat(where_, ": the shards hold ", total, " bytes, expected ", offset * sizeof(float)));
  }

  void collect_parameters() {
    const Json& graph = member(model_, "modelTopology", Json::value_t::object);
    for (const Json& node : member(graph, "node", Json::value_t::array)) {
      if (!node.is_object()) throw FormatError(cat(where_, ": modelTopology: expected objects"));
      const auto inputs = node.find("input");
      if (inputs == node.end() || !inputs->is_array()) continue;
      for (const Json& input : *inputs) {
        if (!input.is_string()) throw FormatError(cat(where_, ": modelTopology: input: expected names"));
        const auto constant = constants_.find(input.get_ref<const std::string&>());
        if (constant != constants_.end()) add(text(node, "op"), text(node, "name"), constant->second);
      }
    }
    const size_t shared = shared_scopes();
    for (const Parameter& parameter : parameters_) store(parameter, shared);
  }

  // Notes a constant that is the parameter of the layer to which this operation belongs.
  void add(const std::string& operation, std::string layer, const Constant& constant) {
    if (!constant.values || constant.shape.empty()) return;
    const bool vector = uint64_t(constant.shape.back()) == constant.count;
    const auto leave = [&](std::string_view scope) {
      if (layer.ends_with(scope)) layer.resize(layer.size() - scope.size());
    };
    layer.resize(std::min(layer.size(), layer.rfind('/')));
    leave("/jit_fn_");
    leave("/einsum");
    using Role = Parameter::Role;
    const size_t rank = constant.shape.size();
    if (operation == "Conv2D" && rank == 4) parameters_.push_back({layer, Role::convolution, &constant});
    if (operation == "Conv2DBackpropInput" && rank == 4) parameters_.push_back({layer, Role::growing, &constant});
    if (operation == "Einsum" && rank == 2) parameters_.push_back({layer, Role::dense, &constant});
    if (operation == "AddV2" && vector) parameters_.push_back({layer, Role::bias, &constant});
    if (operation == "Mul" && vector) parameters_.push_back({layer, Role::gain, &constant});
  }

  // Length of the scopes, with their last slash, that begin the names of all layers.
  size_t shared_scopes() const {
    if (parameters_.empty()) throw FormatError(cat(where_, ": holds no layers with weights"));
    std::string_view shared = parameters_.front().layer;
    for (const Parameter& parameter : parameters_) {
      const auto differ = std::mismatch(shared.begin(), shared.end(), parameter.layer.begin(), parameter.layer.end());
      shared = shared.substr(0, size_t(differ.first - shared.begin()));
    }
    const size_t slash = shared.rfind('/');
    return slash == std::string_view::npos ? 0 : slash + 1;
  }

  void store(const Parameter& parameter, size_t shared) {
    using Role = Parameter::Role;
    const Constant& c = *parameter.constant;
    const std::vector<int64_t>& s = c.shape;
    std::string name = parameter.layer.substr(shared);
    std::replace(name.begin(), name.end(), '/', '.');
    if (parameter.role == Role::convolution) {
      put(name + ".weight", {s[3], s[2], s[0], s[1]},
          [&](size_t o, size_t i, size_t tap) { return c.values[(tap * size_t(s[2]) + i) * size_t(s[3]) + o]; });
    } else if (parameter.role == Role::growing) {
      if (s[0] != 2 || s[1] != 2)
        throw FormatError(cat(where_, ": ", printable(name), ": expected a transposed convolution of 2 x 2"));
      const size_t out = size_t(s[2]), in = size_t(s[3]);
      put(name + ".weight", {4 * s[2], s[3], 1, 1},
          [&](size_t o, size_t i, size_t) { return c.values[(o % 4 * out + o / 4) * in + i]; });
    } else if (parameter.role == Role::dense) {
      put(name + ".weight", {s[1], s[0]}, [&](size_t o, size_t i, size_t) { return c.values[i * size_t(s[1]) + o]; });
    } else {
      const size_t repeats = parameter.role == Role::bias && grows(parameter.layer) ? 4 : 1;
      put(name + (parameter.role == Role::bias ? ".bias" : ".weight"), {int64_t(repeats) * s.back()},
          [&](size_t o, size_t, size_t) { return c.values[o / repeats]; });
    }
  }

  bool grows(const std::string& layer) const {
    return std::ranges::any_of(
        parameters_, [&](const Parameter& p) { return p.role == Parameter::Role::growing && p.layer == layer; });
  }

  // Adds an array (O, I, taps...), with value(o, i, tap) for each element.
  template <class Value>
  void put(const std::string& name, const std::vector<int64_t>& shape, const Value& value) {
    size_t rest = 1;
    for (size_t i = 2; i < shape.size(); ++i) rest *= size_t(shape[i]);
    const size_t in = shape.size() > 1 ? size_t(shape[1]) : 1;
    std::vector<float> values;
    for (size_t o = 0; o < size_t(shape[0]); ++o)
      for (size_t i = 0; i < in; ++i)
        for (size_t tap = 0; tap < rest; ++tap) values.push_back(value(o, i, tap));
    if (!result_.arrays.arrays.emplace(name, make_array(values, shape)).second)
      throw FormatError(cat(where_, ": layer ", printable(name), " occurs twice"));
  }

  Json model_;
  const ShardReader& shard_;
  std::string where_;
  std::map<std::string, Constant, std::less<>> constants_;
  std::vector<std::shared_ptr<std::vector<float>>> owners_;
  std::vector<Parameter> parameters_;
  StateDict result_;
};

}  // namespace

bool is_tfjs(const std::filesystem::path& path) {
  return path.extension() == ".json" || std::filesystem::is_regular_file(path / "model.json");
}

StateDict parse_tfjs(std::span<const uint8_t> model, const ShardReader& shard, const std::string& where) {
  return Reader(parse_json(model, where), shard, where).read();
}

StateDict read_tfjs(const std::filesystem::path& path) {
  const std::filesystem::path file = path.extension() == ".json" ? path : path / "model.json";
  const auto shard = [&](const std::string& name) { return map_file(file.parent_path() / name); };
  return parse_tfjs(map_file(file).bytes, shard, file.string());
}

}  // namespace daclip
