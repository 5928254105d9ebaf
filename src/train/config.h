// Everything a training run is told, with defaults; read from TOML (configs/*.toml), stored as JSON in checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/sampler.h"
#include "model/model_config.h"

namespace daclip {

struct RunConfig {
  uint64_t seed = 1;
  int64_t steps = 10000;   // of the whole run; the cosine ends here
  double minutes = 0;      // above 0: the run lasts so long instead, and the cosine ends then (for a machine lent by
                           // the minute); such a run cannot be repeated exactly
  int threads = 0;         // of LibTorch; 0: all cores
  int loader_threads = 1;  // that degrade photos ahead
  std::string device = "cpu";  // "cpu" or "cuda"
  std::string precision =
      "f32";  // of the networks: "f32"; on cuda also "tf32" (products of 10 bits of mantissa) and "bf16"
              // (activations in bfloat16); weights, their averages and the loss stay float32
  std::string out = "build/train";  // folder for latest.safetensors, previous.safetensors and log.jsonl
  int log_interval = 50;            // steps
  int validate_interval = 1000;     // steps; 0: never
  int checkpoint_interval = 500;    // steps
};

struct OptimizerConfig {
  std::string kind = "adamw";  // "muon": matrices by Muon, the rest by AdamW
  double lr = 1e-3, lr_end = 1e-6;
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8;
  double weight_decay = 0;  // none on vectors and scalars
  int warmup = 200;         // steps
  double clip = 1;          // largest gradient norm; 0: no clipping
  double ema = 0.999;
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
  double region_share = 0.6;    // clip, controller: smallest area of a photo that a random cut may keep
};

struct LossConfig {
  std::string restorer = "l1";  // "l1" or "psnr"
  double psnr_ceiling = 80;     // dB at which the PSNR loss saturates
  std::string steering =
      "embedding";               // steered restorer: by e_d itself, or "labels": by the labels' embeddings weighted by
                                 // what e_d says of them
  double context_dropout = 0.1;  // steered restorer: share of samples that see no context
  double label_share = 0;  // steered restorer: share of batches steered by the labels' own embeddings, without content
  double label_noise = 0;  // share of samples steered by labels that see another label mixed into theirs, as an
                           // unsure recognition mixes them, or on good photos in place of theirs, as a wrong one would
  double content_weight = 1;  // controller: weight of the content term beside the degradation term
  double content_share = 1;   // controller: share of the batch that the content term is computed on
  double temperature = 0.07;  // of a new logit scale
};

// Checkpoints to start from; empty: random weights.
struct InitConfig {
  std::string clip;          // controller: the CLIP it copies, or a model file, whose DA-CLIP goes on training
  std::string controller;    // controller: a checkpoint of it to go on from; what it lacks starts as at the beginning
  std::string daclip;        // restorer: the DA-CLIP that gives the contexts, a checkpoint of the controller or a
                             // model file; empty trains blind
  double residual_gain = 0;  // restorer: starting value of the blocks' gains beta and gamma, which NAFNet starts at 0
  std::string restorer;      // restorer: a checkpoint or a model file to go on from; what it lacks starts so that it
                             // changes nothing
};

struct TrainConfig {
  RunConfig run;
  OptimizerConfig optimizer;
  DataConfig data;
  SamplerConfig sampler;  // slots, min_side and seed are filled from the above
  LossConfig loss;
  InitConfig init;
  ClipConfig clip;
  PreprocessConfig preprocess;
  NafnetConfig restorer;

  TrainConfig();
};

// Throws IoError (cannot be read), FormatError (no TOML), UsageError (unknown key, wrong type, value without sense); all name
// the file and key.
TrainConfig read_train_config(const std::filesystem::path& path);

// The effective configuration: every key with its value, grouped as in the TOML file.
std::string to_json(const TrainConfig& config);

// The inverse, for checkpoints. Throws FormatError.
TrainConfig train_config_from_json(const std::string& text);

}  // namespace daclip
