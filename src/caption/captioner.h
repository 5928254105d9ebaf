// Describes photos in a sentence, with the published weights of BLIP's captioner (Li et al. 2022).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "caption/beam_search.h"
#include "image/image.h"
#include "nets/blip.h"
#include "text/word_piece.h"

namespace daclip {

struct CaptionOptions {
  std::string prompt = "a picture of";  // begins every text, and is left out of the caption
  int beams = 3;                        // 1: greedy
  int max_tokens = 32;                  // of the caption, as for the published captions (DA-CLIP, Section 4)
  int min_length = 5;                   // tokens, with the prompt and its start, before which no caption may end
  double repetition_penalty = 1;
  int vision_heads = 0, heads = 0;  // of the network; 0: one for each 64 channels, as published
};

class Captioner {
 public:
  // checkpoint: PyTorch's file or safetensors. vocabulary: BERT's vocab.txt (bert-base-uncased), to which BLIP adds the
  // tokens [DEC] and [ENC]. Keeps a reference to the backend. Throws IoError, FormatError, WeightsError naming all
  // missing and mismatched tensors, and UsageError for options out of range.
  Captioner(Backend& backend, const std::filesystem::path& checkpoint, const std::filesystem::path& vocabulary,
            const CaptionOptions& options);

  // Without the prompt: "two horses in front of a barn".
  std::string describe(const Image& photo) const;

 private:
  Backend& backend_;
  WordPieces pieces_;
  BlipConfig config_;
  Weights weights_;
  Scope scope_{weights_};
  std::vector<int64_t> prompt_;
  TextSearch search_;
};

}  // namespace daclip
