// LPIPS, the Fréchet distance and their networks against reference values, on any backend. Each check returns whether
// its reference values exist.
#pragma once

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "image/io.h"
#include "metrics/frechet.h"
#include "metrics/lpips.h"
#include "metrics_fixtures.h"
#include "weights/indexed_floats.h"

namespace daclip::test {

inline fs::path golden_metrics() { return folder_from("DACLIP_GOLDEN_DIR", "../shared/golden") / "metrics"; }

inline void expect_relative(double found, double expected, double tolerance, const std::string& what) {
  EXPECT_NEAR(found, expected, tolerance * std::abs(expected)) << what;
  ::testing::Test::RecordProperty(what, cat("relative error ", std::abs(found - expected) / std::abs(expected)));
}

// golden/metrics/lpips_*: random backbones with the published heads. Their pictures are in [-1,1], ours in [0,1].
inline bool check_golden_lpips(Backend& backend, PerceptualNet net) {
  constexpr double kTolerance = 1e-5;
  const std::string name = perceptual_net_name(net);
  const fs::path folder = golden_metrics() / ("lpips_" + name);
  if (!fs::exists(folder)) return false;
  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  const NamedArrays pictures = read_safetensors(golden_metrics() / "cases.safetensors");
  Lpips lpips(backend, folder / "weights.safetensors", net);
  const auto compare = [&](const FloatImage& a, const FloatImage& b, const std::string& which, size_t index) {
    const std::string what = cat(name, " ", which, " ", index);
    const auto precise = which + ".lpips64";
    expect_relative(lpips.distance(a, b), cases.at(cases.has(precise) ? precise : which + ".lpips").to_doubles()[index],
                    kTolerance, what);
    if (!cases.has(which + ".per_layer")) return;
    const NamedArray& layers = cases.at(which + ".per_layer");
    const std::vector<double> expected = layers.to_doubles(), found = lpips.tap_distances(a, b);
    ASSERT_EQ(int64_t(found.size()), layers.shape[0]);
    for (size_t i = 0; i < found.size(); ++i)
      expect_relative(found[i], expected[i * size_t(layers.shape[1]) + index], 3 * kTolerance, cat(what, " tap ", i));
  };
  for (const char* which : {"noise", "blur", "shift_bright", "jpeg"}) {
    const NamedArray &a = pictures.at(cat(which, ".a_rgb")), &b = pictures.at(cat(which, ".b_rgb"));
    compare(picture(a, -1, 1 / 255.f), picture(b, -1, 1 / 255.f), which, 0);
  }
  for (const int index : {0, 1})
    compare(picture(cases.at("rect.in0"), index, 0.5f, 0.5f), picture(cases.at("rect.in1"), index, 0.5f, 0.5f), "rect",
            size_t(index));
  compare(picture(cases.at("norm.in0"), 0), picture(cases.at("norm.in1"), 0), "norm", 0);
  return true;
}

// The published weights of AlexNet and SqueezeNet, with the distances of the official example pictures.
inline bool check_published_lpips(Backend& backend) {
  const fs::path folder = folder_from("DACLIP_WEIGHTS_EVAL", "../shared/weights-eval");
  if (!fs::exists(folder / "check")) return false;
  const auto example = [&](const char* name) { return to_rgb(read_image(folder / "check" / name)); };
  const FloatImage reference = example("ex_ref.png"), p0 = example("ex_p0.png"), p1 = example("ex_p1.png");
  const auto compare = [&](PerceptualNet net, double to_p0, double to_p1) {
    Lpips lpips(backend, folder, net);
    EXPECT_NEAR(lpips.distance(reference, p0), to_p0, 1e-6) << lpips.name();
    EXPECT_NEAR(lpips.distance(reference, p1), to_p1, 1e-6) << lpips.name();
  };
  compare(PerceptualNet::alex, 0.721881, 0.137566);
  compare(PerceptualNet::squeeze, 0.711048, 0.147902);
  return true;
}

// VGG16 and FID's Inception against torchvision's modules (torchvision_reference.py).
inline bool check_torchvision(Backend& backend) {
  const TempFolder folder;
  const std::string command = cat("/usr/bin/python3 tests/metrics/torchvision_reference.py ", folder.path().string());
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return false;
  EXPECT_EQ(status, 0) << command;
  std::ifstream file(folder / "expected.json");
  const nlohmann::json expected = nlohmann::json::parse(file);
  const NamedArrays pictures = read_indexed_floats(folder / "pictures.f32");
  const FloatImage a = picture(pictures.at("a")), b = picture(pictures.at("b"));

  const std::vector<double> shares = Lpips(backend, folder.path(), PerceptualNet::vgg).tap_distances(a, b);
  EXPECT_EQ(shares.size(), expected.at("vgg_taps").size());
  for (size_t i = 0; i < shares.size(); ++i)
    expect_relative(shares[i], expected.at("vgg_taps").at(i), 1e-5, cat("vgg tap ", i));

  const std::vector<float> features = FrechetFeatures(backend, folder.path(), FrechetFeatures::Net::inception)(a);
  const std::vector<double> fid = expected.at("fid"), torchvisions = expected.at("inception");
  EXPECT_EQ(features.size(), fid.size());
  double largest = 0, error = 0, other = 0;
  for (size_t i = 0; i < std::min(features.size(), fid.size()); ++i) {
    largest = std::max(largest, std::abs(fid[i]));
    error = std::max(error, std::abs(double(features[i]) - fid[i]));
    other = std::max(other, std::abs(torchvisions[i] - fid[i]));
  }
  EXPECT_LE(error, 2e-5 * largest) << "largest feature " << largest;
  EXPECT_GE(other, 1e-2 * largest) << "FID's pooling makes no difference";
  ::testing::Test::RecordProperty("inception", cat("error ", error / largest, " of the largest feature"));
  return true;
}

}  // namespace daclip::test
