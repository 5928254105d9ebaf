// The configuration of a training run, with defaults; read from TOML (configs/*.toml), stored as JSON in checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/sampler_config.h"
#include "model/model_config.h"
#include "nets/damage_net.h"
#include "nets/instruction_net.h"
#include "train/config_keys.h"

namespace daclip {

struct RunConfig {
  uint64_t seed = 1;
  int64_t steps = 10000;  // of the whole run; the schedule ends here
  // Above 0: the run lasts this long instead, and the schedule ends then (for a machine rented by the minute). Such a
  // run cannot be repeated exactly.
  double minutes = 0;
  int threads = 0;             // of LibTorch; 0: all cores
  int loader_threads = 1;      // that degrade photos ahead
  std::string device = "cpu";  // "cpu" or "cuda"
  // Of the networks: "f32", "bf16" (activations in bfloat16), on cuda also "tf32" (products of 10 bits of mantissa).
  // Weights, their averages and the loss stay float32.
  std::string precision = "f32";
  std::string out = "build/train";  // folder for latest.safetensors, previous.safetensors and log.jsonl
  int log_interval = 50;            // steps
  int validate_interval = 1000;     // steps; 0: never
  int checkpoint_interval = 500;    // steps
};

struct OptimizerConfig {
  std::string kind = "adamw";  // "adamw", "adam", "lion", "muon" (matrices by Muon, the rest by AdamW)
  double lr = 1e-3, lr_end = 1e-6;
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8;
  double weight_decay = 0;  // none on vectors and scalars, except by lion
  int warmup = 200;         // steps
  double clip = 1;          // largest gradient norm; 0: no clipping
  double ema = 0.999;       // decay of the averaged weights, after its warm-up
  int64_t ema_every = 1;    // updates between averagings
  int64_t ema_after = 0;    // updates before averaging starts
  int accumulate = 1;       // batches whose gradients are averaged for an update
  bool recompute = false;   // diffusion: blocks run again for their gradients, which saves memory

  std::string schedule = "warmup_cosine";  // of the learning rate, see lr_schedule.h
  int cooldown = 0;                        // warmup_cooldown: steps of the fall to lr_end
  double cooldown_power = 1;               // warmup_cooldown: shape of the fall, 1 is linear
  std::vector<int> periods;             // cosine_restart: steps of the first cosine, and of the one after each restart
  std::vector<int> restarts;            // cosine_restart, multi_step_restart: steps at which lr is restored, ascending
  std::vector<double> restart_weights;  // the factor of lr at each restart; empty: 1
  std::vector<int> milestones;          // multi_step_restart: steps at which the rate is multiplied by gamma
  double gamma = 0.5;
};

struct DataConfig {
  std::vector<std::string> packs;
  int batch = 8;
  int crop = 128;               // restorer: side of the squares trained on
  int holdout = 40;             // clean photos kept for validation, chosen by a hash of their names
  int validation_photos = 10;   // of the holdout, degraded in each way at every validation
  double paper_share = 0.5;     // of the samples at the paper's severity, the others at training's; [paper_share] sets
                                // a label's own
  double degraded_share = 0.5;  // clip: of the batch degraded, its caption then ending in ": <label>"
  std::string instructions;     // instruction: a table (TSV) of instructions that people wrote, to validate on
  double region_share = 0.6;    // clip, controller: smallest area of a photo that a random cut may keep
};

struct LossConfig {
  std::string restorer = "l1";  // "l1", "l2", "charbonnier" or "psnr"; diffusion: no "psnr"
  // Diffusion: what is compared with what. "likelihood": the mean of the reverse step with the most probable earlier
  // state, "noise": the predicted noise with the true one.
  std::string diffusion = "likelihood";
  std::string context_of = "photo";  // steered: the picture that DA-CLIP sees, the whole "photo" or the "crop"
  double psnr_ceiling = 80;          // dB at which the PSNR loss saturates
  double charbonnier_eps = 1e-3;     // below which the Charbonnier loss is quadratic
  // Steered restorer: by e_d itself, or "labels": by the labels' embeddings weighted by their probabilities given e_d.
  std::string steering = "embedding";
  double context_dropout = 0.1;  // steered restorer: fraction of batches that see no context
  double label_share =
      0;  // steered restorer: fraction of batches steered by the labels' own embeddings, without content
  // Fraction of samples steered by labels that see another label mixed into theirs, as an uncertain recognition mixes
  // them, or on good photos in place of theirs, as a wrong one would.
  double label_noise = 0;
  double content_weight = 1;  // controller: weight of the content term beside the degradation term
  double content_share = 1;   // controller: fraction of the batch that the content term is computed on
  // Controller: "labels", the cross-entropy of e_d over all labels, or "paper", Eq. 1 over the batch's label texts.
  std::string controller = "labels";
  std::string label_text = "photo";  // controller: a label's text, "photo" ("a hazy photo") or the bare "word"
  bool both_directions = true;       // controller: Eq. 1 also from texts to images, averaged
  bool mask_same_text = true;        // controller: rows with the same text are no negatives of each other
  bool learn_temperature = true;     // controller
  double temperature = 0.07;         // of a new logit scale
};

// How a diffusion network samples at validations.
struct ValidationConfig {
  std::string sampler = "mars-ode-2";
  int evaluations = 0;  // 0: the sampler's default
  uint64_t seed = 0;
  std::string metric_weights;  // folder of LPIPS's published weights; empty: no LPIPS
};

// Checkpoints to start from; empty: random weights.
struct InitConfig {
  std::string clip;        // controller: the CLIP it copies, or a model file whose DA-CLIP is trained further
  int labels = 0;          // controller: 10, or 11 with "clean"; 0: as many as the file of init.clip has
  std::string controller;  // controller: a checkpoint to continue from; weights that it lacks start as without it
  std::string damage;  // damage: a checkpoint to continue from, or a folder or file of SqueezeNet's published weights
  std::string daclip;  // restorer: the DA-CLIP that gives the contexts, a checkpoint of the controller or a
                       // model file; empty trains blind
  double residual_gain = 0;  // restorer: starting value of the blocks' gains beta and gamma, which NAFNet starts at 0
  std::string restorer;      // restorer: a checkpoint or a model file to continue from; parts that it lacks start
                             // without effect
};

struct TrainConfig {
  RunConfig run;
  OptimizerConfig optimizer;
  DataConfig data;
  SamplerConfig sampler;  // slots, min_side and seed are filled from the above
  LossConfig loss;
  InitConfig init;
  ValidationConfig validation;
  ClipConfig clip;
  PreprocessConfig preprocess;
  DamageConfig damage;
  InstructionConfig instruction;
  std::shared_ptr<const RestorationNetwork> restorer;

  TrainConfig();
};

// Every key, by section, with its range or choices.
void visit(TrainVisitor& visitor, TrainConfig& config);

// Calls work(const Key&, value, rule) for every key: see EachKey.
template <class Work>
void for_each_key(TrainConfig& config, const Work& work) {
  EachKey visitor(work);
  visit(visitor, config);
}

// Ranges, and rules between keys. Throws UsageError "SECTION.KEY: VALUE: expected RANGE".
void validate(const TrainConfig& config);

// Throws IoError (cannot be read), FormatError (no TOML), UsageError (a folder, an unknown key, a wrong type, a value
// out of range); all name the file and key.
TrainConfig read_train_config(const std::filesystem::path& path);

// The effective configuration: every key with its value, grouped as in the TOML file.
std::string to_json(const TrainConfig& config);

// The inverse, for checkpoints. Keys that are absent keep their defaults. Throws FormatError.
TrainConfig train_config_from_json(const std::string& text);

struct KeyChange {
  Key key;
  std::string before, now;  // as JSON
};

// The keys whose values differ.
std::vector<KeyChange> changed_keys(const TrainConfig& before, const TrainConfig& now);

}  // namespace daclip
