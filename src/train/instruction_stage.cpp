// Training the instruction network (nets/instruction_net.h) on made-up instructions (data/instructions.h):
// cross-entropy of what each kind is wished to become, and the error of the strength where a repair is wanted.
#include "core/error.h"
#include "data/instructions.h"
#include "data/random_streams.h"
#include "data/tables.h"
#include "text/word_tokenizer.h"
#include "train/checkpoint.h"
#include "train/image_text.h"
#include "train/stage.h"

namespace daclip {
namespace {

constexpr int64_t kKinds = kDegradationCount, kWishes = 3;
constexpr int kSurveyed = 60000;       // instructions whose words make up the vocabulary
constexpr double kUnknownWord = 0.05;  // of the words become unknown ones

class InstructionStage : public Stage {
 public:
  explicit InstructionStage(const TrainConfig& config)
      : config_(config), backend_(torch_options(config)), tokenizer_(vocabulary(config)) {
    config_.instruction.text.vocab = int(tokenizer_.vocab());
    config_.instruction.kinds = kDegradationCount;
    params_ = make_params(instruction_weights(config_.instruction), config_.run.seed, backend_.device());
    weights_ = as_weights(params_);
    if (config.run.validate_interval > 0) written_ = read_instructions(config.data.instructions);
  }

  std::string name() const override { return "instruction"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"instruction"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json& parts) override {
    std::vector<std::string> texts;
    std::vector<int64_t> wishes;
    std::vector<float> strengths, wanted, everything;
    for (int64_t slot = 0; slot < config_.data.batch; ++slot) {
      Random random(stream_seed(config_.run.seed, step, Stream::sample, slot));
      const WrittenInstruction made = draw_instruction(random);
      texts.push_back(with_unknown_words(made.text, random));
      for (size_t kind = 0; kind < size_t(kKinds); ++kind) {
        wishes.push_back(int64_t(made.meaning.wishes[kind]));
        wanted.push_back(made.meaning.wishes[kind] == Wish::repair);
        strengths.push_back(made.meaning.strengths[kind]);
      }
      everything.push_back(made.meaning.everything);
    }
    const torch::Tensor logits = run(weights_, texts);
    const auto table = [&](const std::vector<float>& values) {
      return torch::tensor(values).view({-1, kKinds}).to(backend_.device());
    };
    const torch::Tensor wish = torch::nn::functional::cross_entropy(
        logits.slice(1, 0, kWishes * kKinds).reshape({-1, kWishes}), torch::tensor(wishes).to(backend_.device()));
    const torch::Tensor strength = logits.slice(1, kWishes * kKinds, (kWishes + 1) * kKinds), repair = table(wanted);
    // Not the absolute error, whose minimum is the median: most instructions ask for the whole repair.
    const torch::Tensor each =
        torch::binary_cross_entropy_with_logits(strength, table(strengths), {}, {}, at::Reduction::None);
    const torch::Tensor error = (each * repair).sum() / repair.sum().clamp_min(1);
    const torch::Tensor rest = torch::binary_cross_entropy_with_logits(logits.select(1, (kWishes + 1) * kKinds),
                                                                       torch::tensor(everything).to(backend_.device()));
    parts["wish"] = wish.item<double>();
    parts["strength"] = error.item<double>();
    parts["everything"] = rest.item<double>();
    return double(kKinds) * wish + error + rest;
  }

  // Of the instructions that people wrote: how many are understood in every part.
  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const torch::NoGradGuard no_grad;
    std::vector<std::string> texts;
    for (const WrittenInstruction& written : written_) texts.push_back(written.text);
    const torch::Tensor logits = run(as_weights(params), texts).to(torch::kCPU);
    const torch::Tensor wish = logits.slice(1, 0, kWishes * kKinds).reshape({-1, kKinds, kWishes}).argmax(2);
    int right = 0;
    for (size_t i = 0; i < written_.size(); ++i) {
      const auto row = int64_t(i);
      bool same = (logits[row][-1].item<float>() > 0) == written_[i].meaning.everything;
      for (int64_t kind = 0; kind < kKinds; ++kind)
        same = same && wish[row][kind].item<int64_t>() == int64_t(written_[i].meaning.wishes[size_t(kind)]);
      right += same;
    }
    const double share = double(right) / double(written_.size());
    summary = cat(right, " of ", written_.size(), " instructions understood");
    return {{"instructions", written_.size()}, {"understood", share}};
  }

  void store(NamedArrays&, nlohmann::json& metadata) const override { metadata["words"] = tokenizer_.words(); }

 private:
  static WordTokenizer vocabulary(const TrainConfig& config) {
    std::vector<std::string> texts;
    for (int i = 0; i < kSurveyed; ++i) {
      Random random(mix_seed(config.run.seed, uint64_t(i)));
      texts.push_back(draw_instruction(random).text);
    }
    std::vector<std::string> words = WordTokenizer::build(texts, config.instruction.text.context).words();
    std::erase(words, kUnheardOf);
    return WordTokenizer(std::move(words), config.instruction.text.context);
  }

  static std::string with_unknown_words(const std::string& text, Random& random) {
    std::string result;
    for (const std::string& word : split_words(text))
      result += (random.chance(kUnknownWord) ? std::string(kUnheardOf) : word) + " ";
    return result;
  }

  torch::Tensor run(const Weights& weights, std::span<const std::string> texts) {
    std::vector<int64_t> ids;
    for (const std::string& text : texts) {
      const std::vector<int64_t> row = tokenizer_.tokenize(text);
      ids.insert(ids.end(), row.begin(), row.end());
    }
    return TorchBackend::tensor(instruction_logits(backend_, config_.instruction, Scope(weights), ids))
        .to(torch::kFloat32);
  }

  TrainConfig config_;
  TorchBackend backend_;
  WordTokenizer tokenizer_;
  NamedParams params_;
  Weights weights_;
  std::vector<WrittenInstruction> written_;
};

}  // namespace

std::unique_ptr<Stage> make_instruction_stage(const TrainConfig& config) {
  return std::make_unique<InstructionStage>(config);
}

}  // namespace daclip
