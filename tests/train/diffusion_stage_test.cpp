// Training of diffusion networks, published weights as a start, and the controller's objectives.
#include <gtest/gtest.h>

#include <c10/core/Allocator.h>
#include <torch/version.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "data/photos.h"
#include "model/model.h"
#include "nets/nafnet.h"
#include "pipeline/temp_folder.h"
#include "pipeline/tiny_model.h"
#include "torch/recompute.h"
#include "torch/torch_backend.h"
#include "train/checkpoint.h"
#include "train/export.h"
#include "train/losses.h"
#include "train/stage.h"
#include "train/trainer.h"

namespace daclip::test {
namespace {

namespace fs = std::filesystem;

class DiffusionTraining : public testing::Test {
 protected:
  void SetUp() override {
    PackWriter writer(folder_ / "photos.pack");
    for (int i = 0; i < 80; ++i) {
      PackPhoto photo = made_photo("photo" + std::to_string(i), 48, 40, uint64_t(i));
      if (i % 2 == 0) photo.captions = {"wave number " + std::to_string(i)};
      writer.add(photo);
    }
    writer.finish();
  }

  TrainConfig tiny(const std::string& out) const {
    TrainConfig config;
    config.run.steps = 4;
    config.run.threads = 1;
    config.run.out = (folder_ / out).string();
    config.run.log_interval = 1;
    config.run.validate_interval = 0;
    config.optimizer.warmup = 1;
    config.data.packs = {(folder_ / "photos.pack").string()};
    config.data.batch = 2;
    config.data.crop = 16;
    config.data.validation_photos = 1;
    config.sampler.slots = 2;
    config.restorer = make_unet(tiny_unet());
    return config;
  }

  // An imported model: CLIP's text tower and byte pairs, ten labels as published.
  static NamedArrays published(bool controller) {
    ModelConfig config = tiny_config();
    config.clip->control_stem.clear();
    config.clip->quick_gelu = true;
    config.clip->control_order = ControlOrder::forward;
    config.preprocess = {PreprocessConfig::Kind::clip, 64};
    config.labels.pop_back();
    config.restorer = nullptr;
    NamedArrays model = with_words(config);
    if (controller) return model;
    std::erase_if(model.arrays, [](const auto& item) {
      return item.first.starts_with("daclip.visual_control.") || item.first == "daclip.logit_scale";
    });
    ModelConfig plain = model_config_from_json(model.metadata);
    plain.controller = false;
    model.metadata = to_json(plain);
    return model;
  }

  fs::path written(const std::string& name, const NamedArrays& arrays) const {
    write_safetensors(folder_ / name, arrays);
    return folder_ / name;
  }

  using MakeStage = std::unique_ptr<Stage> (*)(const TrainConfig&);
  static std::vector<double> losses(MakeStage make, const TrainConfig& config, int64_t stop_after = 0,
                                    bool resume = false) {
    std::vector<double> found;
    TrainerOptions options;
    options.progress = false;
    options.stop_after = stop_after;
    options.resume = resume;
    options.on_step = [&](int64_t, double loss) { found.push_back(loss); };
    const auto stage = make(config);
    train(*stage, config, options);
    return found;
  }

  TempFolder folder_;
};

TEST_F(DiffusionTraining, resumes_exactly_and_its_result_becomes_a_model) {
  TrainConfig whole = tiny("whole");
  whole.init.daclip = written("daclip.safetensors", published(true)).string();
  whole.loss.context_of = "crop";
  whole.loss.context_dropout = 0;
  whole.run.validate_interval = 4;
  whole.validation.evaluations = 2;
  TrainConfig parts = whole;
  parts.run.out = (folder_ / "parts").string();
  const std::vector<double> all = losses(make_diffusion_stage, whole);
  std::vector<double> joined = losses(make_diffusion_stage, parts, 2);
  const std::vector<double> rest = losses(make_diffusion_stage, parts, 0, true);
  joined.insert(joined.end(), rest.begin(), rest.end());
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(joined, all);

  ExportOptions options;
  options.daclip = whole.init.daclip;
  options.restorer = folder_ / "whole" / "latest.safetensors";
  const ModelFile model = read_model_file(written("model.safetensors", export_model(options)));
  EXPECT_EQ(model.config.restorer->type().name, "unet");
  EXPECT_EQ(model.config.restorer->context_dims().content, 16);
  EXPECT_EQ(model.config.labels.size(), 10u);
  EXPECT_TRUE(model.config.clip->quick_gelu);
  EXPECT_EQ(model.config.clip->control_order, ControlOrder::forward);
}

// The published wild network has content alone.
TEST_F(DiffusionTraining, a_network_of_content_alone_keeps_it_in_another_export) {
  ModelConfig config = tiny_config();
  UnetConfig unet = tiny_unet();
  unet.degradation_dim = 0;
  unet.content_dim = config.clip->embedding;
  config.restorer = make_unet(unet, tiny_sde());
  const fs::path first = written("wild.safetensors", tiny_model(config));
  ExportOptions options;
  options.daclip = options.restorer = first;
  const ModelFile model = read_model_file(written("again.safetensors", export_model(options)));
  EXPECT_EQ(model.config.restorer->context_dims().content, config.clip->embedding);
  EXPECT_EQ(model.config.restorer->context_dims().degradation, 0);
}

TEST_F(DiffusionTraining, every_configuration_of_the_paper_starts) {
  const std::string daclip = written("daclip.safetensors", published(true)).string();
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator("configs/paper")) {
    if (entry.path().extension() != ".toml") continue;
    SCOPED_TRACE(entry.path().string());
    TrainConfig config = read_train_config(entry.path());
    const TrainConfig small = tiny("paper" + std::to_string(count++));
    config.run = small.run;
    config.run.steps = 2;
    config.data.packs = small.data.packs;
    config.data.batch = config.sampler.slots = 2;
    config.data.crop = 16;
    config.init.daclip = daclip;
    config.restorer = small.restorer;
    EXPECT_EQ(losses(make_diffusion_stage, config).size(), 2u);
  }
  EXPECT_GE(count, 2);
}

TEST_F(DiffusionTraining, refuses_networks_and_losses_of_the_direct_stage) {
  TrainConfig config = tiny("refused");
  config.loss.restorer = "psnr";
  EXPECT_THROW(make_diffusion_stage(config), UsageError);
  config.loss.restorer = "l1";
  config.restorer = make_nafnet(tiny_nafnet());
  EXPECT_THROW(make_diffusion_stage(config), UsageError);
}

TEST_F(DiffusionTraining, both_objectives_and_all_distances_differ) {
  std::set<double> found;
  for (const char* objective : {"likelihood", "noise"})
    for (const char* distance : {"l1", "l2", "charbonnier"}) {
      TrainConfig config = tiny("unused");
      config.loss.diffusion = objective;
      config.loss.restorer = distance;
      nlohmann::json parts;
      found.insert(make_diffusion_stage(config)->loss(0, parts).item<double>());
    }
  EXPECT_EQ(found.size(), 6u);
}

TEST_F(DiffusionTraining, an_update_averages_the_gradients_of_the_batches_that_it_accumulates) {
  TrainConfig config = tiny("accumulated");
  config.optimizer.accumulate = 2;
  const auto stage = make_diffusion_stage(config);
  nlohmann::json parts;
  double mean = 0, norm = 0;
  for (int i = 0; i < 2; ++i) {
    const torch::Tensor loss = stage->loss(i, parts) / 2;
    loss.backward();
    mean += loss.item<double>();
  }
  for (const NamedParam& param : stage->params())
    if (param.value.grad().defined()) norm += param.value.grad().square().sum().item<double>();
  EXPECT_NEAR(losses(make_diffusion_stage, config, 1).front(), mean, 1e-9);
  std::ifstream log(folder_ / "accumulated" / "log.jsonl");
  std::string text;
  std::getline(log, text);
  const auto line = nlohmann::json::parse(text);
  EXPECT_NEAR(line["grad_norm"].get<double>(), std::sqrt(norm), 1e-5 * std::sqrt(norm));
}

#if TORCH_VERSION_MAJOR >= 2
using Total = size_t;
#else
using Total = int64_t;
#endif

// Counts the bytes that LibTorch's allocator holds on this thread.
struct Counter : c10::MemoryReportingInfoBase {
  int64_t now = 0, peak = 0;
  void reportMemoryUsage(void*, int64_t size, Total, Total, c10::Device) override {
    now += size;
    peak = std::max(peak, now);
  }
  bool memoryProfilingEnabled() const override { return true; }
};

TEST_F(DiffusionTraining, recomputed_blocks_change_no_gradient_and_need_less_memory) {
  std::vector<torch::Tensor> gradients[2];
  int64_t peaks[2];
  for (const bool again : {false, true}) {
    TrainConfig config = tiny("unused");
    config.data.crop = 64;
    config.optimizer.recompute = again;
    const auto stage = make_diffusion_stage(config);
    const auto counter = std::make_shared<Counter>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
    nlohmann::json parts;
    stage->loss(0, parts).backward();
    peaks[again] = counter->peak;
    for (const NamedParam& param : stage->params()) gradients[again].push_back(param.value.grad());
  }
  for (size_t i = 0; i < gradients[0].size(); ++i) {
    ASSERT_EQ(gradients[0][i].defined(), gradients[1][i].defined());
    if (gradients[0][i].defined()) {
      EXPECT_TRUE(torch::allclose(gradients[0][i], gradients[1][i], 1e-5, 1e-7)) << i;
    }
  }
  EXPECT_LT(double(peaks[1]), 0.6 * double(peaks[0])) << peaks[1] << " and " << peaks[0];
  RecordProperty("peak_kept", std::to_string(peaks[0]));
  RecordProperty("peak_recomputed", std::to_string(peaks[1]));
}

TEST_F(DiffusionTraining, starts_from_the_unet_of_a_model_file) {
  const NamedArrays model = tiny_model(tiny_diffusion_config());
  TrainConfig config = tiny("started");
  config.init.daclip = config.init.restorer = written("model.safetensors", model).string();
  const auto stage = make_diffusion_stage(config);
  for (const NamedParam& param : stage->params()) {
    const std::vector<float> expected = model.at("restorer." + param.name).to_floats();
    const torch::Tensor value = param.value.detach().contiguous();
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), value.data_ptr<float>())) << param.name;
  }
}

TEST_F(DiffusionTraining, starting_weights_of_another_network_are_refused) {
  TrainConfig config = tiny("refused");
  config.init.restorer = written("model.safetensors", tiny_model(tiny_diffusion_config())).string();
  config.restorer = make_nafnet(tiny_nafnet());
  EXPECT_THROW(make_restorer_stage(config), WeightsError);
}

TEST_F(DiffusionTraining, a_controller_of_ten_labels_keeps_them_and_how_it_computes) {
  TrainConfig config = tiny("ten");
  config.run.steps = 8;
  config.init.clip = written("daclip.safetensors", published(true)).string();
  losses(make_controller_stage, config);
  ExportOptions options;
  options.daclip = folder_ / "ten" / "latest.safetensors";
  const ModelFile model = read_model_file(written("exported.safetensors", export_model(options)));
  EXPECT_EQ(model.config.labels.size(), 10u);
  EXPECT_TRUE(model.config.clip->quick_gelu);
  EXPECT_EQ(model.config.clip->control_order, ControlOrder::forward);
  options.clean_prior = 2;
  EXPECT_THROW(export_model(options), UsageError);
}

TEST_F(DiffusionTraining, clean_is_added_to_ten_labels_by_a_key) {
  TrainConfig config = tiny("eleven");
  config.init.clip = written("daclip.safetensors", published(true)).string();
  config.init.labels = 11;
  losses(make_controller_stage, config, 1);
  ExportOptions options;
  options.daclip = folder_ / "eleven" / "latest.safetensors";
  EXPECT_EQ(read_model_file(written("exported.safetensors", export_model(options))).config.labels.back(), "clean");
}

TEST_F(DiffusionTraining, a_controller_of_an_imported_clip_is_its_copy_with_zero_connections) {
  const NamedArrays clip = published(false);
  TrainConfig config = tiny("copied");
  config.init.clip = written("clip.safetensors", clip).string();
  config.loss.controller = "paper";
  config.loss.label_text = "word";
  const auto stage = make_controller_stage(config);
  int copied = 0, zero = 0;
  for (const NamedParam& param : stage->params()) {
    if (param.name.find("zero_modules") != std::string::npos) {
      EXPECT_EQ(param.value.abs().max().item<float>(), 0) << param.name;
      ++zero;
    } else if (param.name == "visual_control.conv1.weight") {
      const std::vector<float> expected = clip.at("daclip.clip.visual.conv1.weight").to_floats();
      const torch::Tensor value = param.value.detach().contiguous();
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), value.data_ptr<float>()));
      ++copied;
    }
  }
  EXPECT_EQ(copied, 1);
  EXPECT_GT(zero, 0);
  nlohmann::json parts;
  EXPECT_TRUE(std::isfinite(stage->loss(0, parts).item<double>()));
}

TEST_F(DiffusionTraining, each_choice_of_the_papers_objective_has_an_effect) {
  TrainConfig base = tiny("unused");
  base.data.batch = base.sampler.slots = 16;
  base.init.clip = written("clip.safetensors", published(false)).string();
  std::set<double> found;
  const auto run = [&](const auto& change) {
    TrainConfig config = base;
    config.loss.controller = "paper";
    change(config.loss);
    nlohmann::json parts;
    make_controller_stage(config)->loss(0, parts);
    found.insert(parts["degradation"].get<double>());
  };
  run([](LossConfig& loss) { loss.controller = "labels"; });
  run([](LossConfig&) {});
  run([](LossConfig& loss) { loss.label_text = "word"; });
  run([](LossConfig& loss) { loss.both_directions = false; });
  run([](LossConfig& loss) { loss.mask_same_text = false; });
  EXPECT_EQ(found.size(), 5u);
}

TEST_F(DiffusionTraining, a_fixed_temperature_has_no_gradient) {
  TrainConfig config = tiny("unused");
  config.init.clip = written("clip.safetensors", published(false)).string();
  for (const bool learn : {true, false}) {
    config.loss.learn_temperature = learn;
    const auto stage = make_controller_stage(config);
    nlohmann::json parts;
    stage->loss(0, parts).backward();
    for (const NamedParam& param : stage->params())
      if (param.name == "logit_scale") {
        EXPECT_EQ(param.value.grad().defined(), learn);
      }
  }
}

}  // namespace
}  // namespace daclip::test
