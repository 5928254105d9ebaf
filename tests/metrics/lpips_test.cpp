#include "metrics/lpips.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "metrics/frechet.h"
#include "metrics/metric_weights.h"
#include "metrics_fixtures.h"
#include "ops/counting_backend.h"
#include "ops/naive.h"

namespace daclip::test {
namespace {

constexpr PerceptualNet kNets[] = {PerceptualNet::alex, PerceptualNet::squeeze, PerceptualNet::vgg};

const char* backbone_file(PerceptualNet net) {
  return net == PerceptualNet::alex      ? "alexnet-owt-7be5be79.safetensors"
         : net == PerceptualNet::squeeze ? "squeezenet1_1-b8a52dc0.safetensors"
                                         : "vgg16-397923af.safetensors";
}

void write_published(const TempFolder& folder, PerceptualNet net) {
  NamedArrays backbone = random_net(net, 1);
  backbone.arrays.emplace("classifier.1.bias", make_array(std::vector<float>{1, 2}, {2}));
  write_safetensors(folder / backbone_file(net), backbone);
  write_safetensors(folder / cat(perceptual_net_name(net), ".safetensors"), random_heads(net, 2));
}

class LpipsTest : public testing::Test {
 protected:
  double distance(const fs::path& weights, PerceptualNet net) {
    const int side = int(perceptual_least_size(net));
    return Lpips(backend_, weights, net).distance(random_picture(side, side, 3), random_picture(side, side, 4));
  }

  // The message must be one line that contains all of `words`.
  void expect_refused(const fs::path& weights, PerceptualNet net, std::initializer_list<const char*> words) {
    try {
      Lpips(backend_, weights, net);
      FAIL() << "not refused";
    } catch (const WeightsError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      for (const char* word : words) EXPECT_NE(message.find(word), std::string::npos) << message;
    }
  }

  TempFolder folder_;
  NaiveBackend backend_;
};

TEST_F(LpipsTest, is_zero_for_equal_pictures_symmetric_and_positive_for_others) {
  write_published(folder_, PerceptualNet::alex);
  Lpips lpips(backend_, folder_.path());
  const FloatImage a = random_picture(34, 31, 5), b = random_picture(34, 31, 6);
  EXPECT_EQ(lpips.name(), "lpips-alex");
  EXPECT_EQ(lpips.distance(a, a), 0);
  EXPECT_GT(lpips.distance(a, b), 1e-3);
  EXPECT_NEAR(lpips.distance(a, b), lpips.distance(b, a), 1e-12);
  EXPECT_EQ(lpips.tap_distances(a, b).size(), 5u);
}

TEST_F(LpipsTest, takes_pictures_from_the_least_size_on) {
  for (const PerceptualNet net : {PerceptualNet::alex, PerceptualNet::squeeze}) {
    write_published(folder_, net);
    Lpips lpips(backend_, folder_.path(), net);
    const int least = int(perceptual_least_size(net));
    EXPECT_TRUE(std::isfinite(lpips.distance(FloatImage(least, least, 3, 0.5f), FloatImage(least, least, 3))));
    EXPECT_THROW(lpips.distance(FloatImage(least, least - 1, 3), FloatImage(least, least - 1, 3)), ShapeError);
    EXPECT_THROW(lpips.distance(FloatImage(least - 1, least, 3), FloatImage(least - 1, least, 3)), ShapeError);
    EXPECT_THROW(lpips.distance(FloatImage(40, 40, 3), FloatImage(40, 41, 3)), ShapeError);
    EXPECT_THROW(lpips.distance(FloatImage(40, 40, 1), FloatImage(40, 40, 1)), ShapeError);
  }
}

TEST_F(LpipsTest, the_smallest_picture_of_each_network_reaches_the_last_tap) {
  for (const PerceptualNet net : kNets) {
    CountingBackend counting;
    const int64_t least = perceptual_least_size(net);
    Weights weights;
    for (const WeightSpec& spec : perceptual_weights(net)) weights.emplace(spec.name, counting.parameter(spec.shape));
    const auto taps = perceptual_taps(counting, net, Scope(weights), counting.activation({1, least, least, 3}));
    EXPECT_EQ(taps.back().dim(1), 1) << perceptual_net_name(net);
    ASSERT_EQ(taps.size(), perceptual_channels(net).size());
    for (size_t i = 0; i < taps.size(); ++i) EXPECT_EQ(taps[i].dim(3), perceptual_channels(net)[i]);
  }
}

TEST_F(LpipsTest, refuses_a_backend_of_lower_precision) {
  struct Coarse : NaiveBackend {
    DType compute_dtype() const override { return DType::bf16; }
  } coarse;
  write_published(folder_, PerceptualNet::squeeze);
  EXPECT_THROW(Lpips(coarse, folder_.path(), PerceptualNet::squeeze), UsageError);
}

TEST_F(LpipsTest, reads_one_file_under_lpips_own_names) {
  const PerceptualNet net = PerceptualNet::squeeze;
  write_published(folder_, net);
  const double expected = distance(folder_.path(), net);
  TempFolder combined;
  NamedArrays arrays = random_heads(net, 2);
  for (auto& [name, array] : random_net(net, 1).arrays)
    arrays.arrays.emplace("net.slice4" + name.substr(std::string("features").size()), std::move(array));
  write_safetensors(combined / "lpips_squeeze.safetensors", arrays);
  EXPECT_EQ(distance(combined.path(), net), expected) << "by the folder";
  EXPECT_EQ(distance(combined / "lpips_squeeze.safetensors", net), expected) << "by the file";
}

TEST_F(LpipsTest, reads_floats_with_an_index_beside_them) {
  for (const PerceptualNet net : {PerceptualNet::alex, PerceptualNet::squeeze}) {
    write_published(folder_, net);
    const double expected = distance(folder_.path(), net);
    TempFolder indexed;
    const std::string stem = cat("lpips_", perceptual_net_name(net), "_v0.1");
    std::ofstream floats(indexed / (stem + ".f32"), std::ios::binary), index(indexed / (stem + ".index.txt"));
    size_t offset = 0;
    const auto write = [&](const std::string& name, const std::vector<int64_t>& shape, const NamedArray& array) {
      index << name << ' ';
      for (size_t i = 0; i < shape.size(); ++i) index << (i ? "x" : "") << shape[i];
      index << ' ' << offset << ' ' << array.numel() << '\n';
      floats.write(reinterpret_cast<const char*>(array.bytes.data()), std::streamsize(array.bytes.size()));
      offset += size_t(array.numel());
    };
    // conv1 is features.0; the others are conv2 to conv5 in AlexNet, fire2 to fire9 in SqueezeNet.
    std::vector<int> places;
    const NamedArrays backbone = random_net(net, 1);
    for (const WeightSpec& spec : perceptual_weights(net)) {
      const size_t dot = spec.name.find('.', 9);
      const int place = std::stoi(spec.name.substr(9, dot - 9));
      if (places.empty() || places.back() != place) places.push_back(place);
      const char* kind = net == PerceptualNet::alex || place == 0 ? "conv" : "fire";
      write(cat(kind, places.size(), spec.name.substr(dot)), spec.shape, backbone.at(spec.name));
    }
    for (const auto& [name, head] : random_heads(net, 2).arrays)
      write(name.substr(0, 4) + ".weight", {head.shape[1]}, head);
    floats.close(), index.close();
    EXPECT_EQ(distance(indexed.path(), net), expected) << stem;
  }
}

TEST_F(LpipsTest, says_which_file_is_wanted_and_from_where) {
  const PerceptualNet net = PerceptualNet::alex;
  expect_refused("", net, {"DACLIP_METRIC_WEIGHTS", "--metric-weights"});
  expect_refused(folder_ / "nowhere", net, {"nowhere", "not found", "alex.pth"});
  expect_refused(folder_.path(), net, {folder_.path().c_str(), "alex.pth", "PerceptualSimilarity"});
  write_safetensors(folder_ / "alex.safetensors", random_heads(net, 2));
  expect_refused(folder_.path(), net, {"alexnet-owt-7be5be79.pth", "download.pytorch.org"});
  try {
    FrechetFeatures(backend_, folder_.path(), FrechetFeatures::Net::inception);
    FAIL() << "not refused";
  } catch (const WeightsError& error) {
    EXPECT_NE(std::string(error.what()).find("pt_inception-2015-12-05-6726825d.pth"), std::string::npos)
        << error.what();
  }
}

TEST_F(LpipsTest, names_what_does_not_fit_in_a_file) {
  const PerceptualNet net = PerceptualNet::squeeze;
  write_published(folder_, net);
  NamedArrays wrong = random_net(net, 1);
  wrong.arrays.erase("features.3.squeeze.bias");
  wrong.arrays["features.0.bias"] = make_array(std::vector<float>(3), {3});
  write_safetensors(folder_ / backbone_file(net), wrong);
  expect_refused(folder_.path(), net, {backbone_file(net), "features.3.squeeze.bias", "features.0.bias", "(64)"});
  write_safetensors(folder_ / backbone_file(net), random_net(PerceptualNet::alex, 1));
  expect_refused(folder_.path(), net, {"missing"});

  write_published(folder_, net);
  NamedArrays heads = random_heads(net, 2);
  heads.arrays["lin2.model.1.weight"] = make_array(std::vector<float>(5), {1, 5, 1, 1});
  write_safetensors(folder_ / "squeeze.safetensors", heads);
  expect_refused(folder_.path(), net, {"lin2.model.1.weight", "256"});
  std::vector<float> broken(256, 1.f);
  broken[77] = std::numeric_limits<float>::quiet_NaN();
  heads.arrays["lin2.model.1.weight"] = make_array(broken, {1, 256, 1, 1});
  write_safetensors(folder_ / "squeeze.safetensors", heads);
  expect_refused(folder_.path(), net, {"lin2.model.1.weight", "not finite"});
  heads.arrays.erase("lin2.model.1.weight");
  write_safetensors(folder_ / "squeeze.safetensors", heads);
  expect_refused(folder_.path(), net, {"no lin2.model.1.weight"});
}

TEST_F(LpipsTest, finds_the_folder_by_the_environment) {
  ASSERT_EQ(setenv("DACLIP_METRIC_WEIGHTS", folder_.path().c_str(), 1), 0);
  EXPECT_EQ(metric_weights_folder(), folder_.path());
  EXPECT_EQ(metric_weights_folder("given"), fs::path("given"));
  ASSERT_EQ(unsetenv("DACLIP_METRIC_WEIGHTS"), 0);
  EXPECT_EQ(metric_weights_folder(), fs::path());
}

TEST_F(LpipsTest, frechet_features_over_alexnet_need_no_heads) {
  write_safetensors(folder_ / backbone_file(PerceptualNet::alex), random_net(PerceptualNet::alex, 1));
  FrechetFeatures features(backend_, folder_.path(), FrechetFeatures::Net::alex);
  EXPECT_EQ(features.name(), "frechet-alex");
  const std::vector<float> one = features(random_picture(40, 33, 7)), other = features(random_picture(33, 40, 8));
  EXPECT_EQ(one.size(), features.dimensions());
  EXPECT_NE(one, other);
  EXPECT_THROW(features(FloatImage(40, 30, 3)), ShapeError);
  EXPECT_THROW(features(FloatImage(40, 40, 1)), ShapeError);
}

}  // namespace
}  // namespace daclip::test
