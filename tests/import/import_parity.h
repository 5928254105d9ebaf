// Imports the reference's checkpoints and compares classifications, on any backend.
#pragma once

#include "import/detect.h"
#include "import/import.h"
#include "model/model.h"
#include "nets/clip_parity.h"
#include "pipeline/label_mixture.h"
#include "pipeline/temp_folder.h"
#include "weights/safetensors.h"
#include "weights/state_dict.h"

namespace daclip::fixtures {

// Folders of the restoration networks with contexts of this width.
inline std::vector<fs::path> unets_for(const fs::path& root, int embedding) {
  std::vector<fs::path> found;
  for (const fs::path& folder : folders_with(root, "/kwargs/context_dim")) {
    const Json kwargs = read_json(folder / "config.json").at("kwargs");
    if (kwargs.at("context_dim") == embedding && kwargs.at("use_image_context")) found.push_back(folder);
  }
  return found;
}

inline fs::path vocabulary_in(const fs::path& root) { return root / "tokenizer" / "bpe_simple_vocab_16e6.txt.gz"; }

// Imports one checkpoint (with a matching U-Net if there is one), writes and reads the model, and compares the
// classifier's probabilities with the reference's.
inline void check_import(Backend& backend, const fs::path& root, const fs::path& folder, const fs::path& checkpoint,
                         bool with_vocabulary) {
  SCOPED_TRACE(checkpoint.string());
  ImportOptions options;
  options.configs = {folder / "config.json"};
  if (with_vocabulary) options.vocabulary = vocabulary_in(root);
  const ClipConfig expected = clip_config(read_json(folder / "config.json").at("model_cfg"));
  std::vector<fs::path> files = {checkpoint};
  const std::vector<fs::path> unets = unets_for(root, expected.embedding);
  if (!unets.empty()) files.push_back(unets.front() / "weights.safetensors");

  const test::TempFolder temporary;
  const ImportedModel imported = import_model(backend, files, options);
  write_safetensors(temporary / "model.safetensors", imported.arrays);
  const ModelFile file = read_model_file(temporary / "model.safetensors");
  EXPECT_EQ(file.config.restorer != nullptr, !unets.empty());
  const NamedArrays weights = read_safetensors(folder / "weights.safetensors");
  int64_t count = 0;
  for (const auto& [name, array] : weights.arrays) count += int64_t(array.numel());
  EXPECT_EQ(file.parameters("daclip."), count);

  const LoadedModel model = load_model(backend, file);
  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  const Tensor image = from_nchw(backend, cases.at("image"));
  const Tensor degradation = encode_degradation(backend, *model.config.clip, Scope(model.weights, "daclip."), image);
  const std::vector<float> values = backend.to_floats(degradation);
  const size_t n = size_t(model.config.clip->embedding);
  std::vector<float> probabilities;
  for (size_t row = 0; row < values.size() / n; ++row) {
    const std::vector<float> one =
        label_probabilities(std::span(values).subspan(row * n, n), model.label_embeddings, model.config.logit_scale);
    probabilities.insert(probabilities.end(), one.begin(), one.end());
  }
  const std::vector<double> reference = cases.at("out64.degra_probs").to_doubles();
  expect_close(probabilities, reference, tolerance(backend, 2e-5, reference), "degra_probs");
}

// Returns false if there are no checkpoints.
inline bool check_imports(Backend& backend, const fs::path& root) {
  int checked = 0;
  for (const fs::path& folder : folders_with(root, "/model_cfg/vision_cfg"))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".pt" || entry.path().extension() == ".pth") {
        check_import(backend, root, folder, entry.path(), false);
        if (fs::exists(vocabulary_in(root))) check_import(backend, root, folder, entry.path(), true);
        ++checked;
      }
  return checked > 0;
}

}  // namespace daclip::fixtures
