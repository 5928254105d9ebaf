#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "backend/make_backend.h"
#include "core/error.h"
#include "import/import.h"
#include "text.h"
#include "verbs.h"
#include "weights/safetensors.h"

namespace daclip::app {
namespace {

namespace fs = std::filesystem;

struct ImportArguments {
  std::vector<std::string> files, configs;
  std::string out, name, vocabulary;
  std::string control_order, schedule;
  bool quick_gelu = false, exact_gelu = false;
  ImportOptions options;
};

// A file where OUT ends like one, else a folder that `--model` finds by its name.
fs::path output_file(const ImportArguments& arguments) {
  const fs::path out = arguments.out;
  const fs::path file = out.extension() == ".safetensors" ? out : out / "model.safetensors";
  std::error_code error;
  for (const std::string& input : arguments.files)
    if (fs::equivalent(file, input, error)) throw UsageError(cat(file.string(), " would replace the input ", input));
  if (file.has_parent_path()) {
    fs::create_directories(file.parent_path(), error);
    if (error) throw UsageError(cat(file.parent_path().string(), ": cannot be made: ", error.message()));
  }
  return file;
}

std::string name_of(const fs::path& file) {
  const fs::path name = file.filename() == "model.safetensors" && file.has_parent_path()
                            ? fs::absolute(file).parent_path().filename()
                            : file.stem();
  return name.string();
}

int run_import(const ImportArguments& arguments) {
  const fs::path file = output_file(arguments);
  ImportOptions options = arguments.options;
  options.name = arguments.name.empty() ? name_of(file) : arguments.name;
  options.vocabulary = arguments.vocabulary;
  options.configs.assign(arguments.configs.begin(), arguments.configs.end());
  if (arguments.quick_gelu || arguments.exact_gelu) options.quick_gelu = arguments.quick_gelu;
  if (!arguments.control_order.empty())
    options.control_order = arguments.control_order == "reversed" ? ControlOrder::reversed : ControlOrder::forward;
  if (!arguments.schedule.empty()) options.schedule = schedule_from_name(arguments.schedule);

  const std::unique_ptr<Backend> backend = make_backend({.precision = Precision::f32});
  const std::vector<fs::path> files(arguments.files.begin(), arguments.files.end());
  const ImportedModel model = import_model(*backend, files, options);
  write_safetensors(file, model.arrays);
  for (const std::string& note : model.notes) std::cout << shown(note, STDOUT_FILENO) << "\n";
  std::cout << shown(file.string(), STDOUT_FILENO) << ": written, " << (fs::file_size(file) + 500'000) / 1'000'000
            << " MB" << std::endl;
  return kAllDone;
}

void add_tensor_options(CLI::App& verb, ImportArguments& arguments) {
  ImportOptions& options = arguments.options;
  const std::string group = "What the tensors cannot tell (default: as the published models)";
  verb.add_option("--config", arguments.configs,
                  "JSON that tells it: open_clip's model configuration, or one with model_cfg, sde, control_order")
      ->type_name("FILE")
      ->group(group);
  CLI::Option* quick = verb.add_flag("--quick-gelu", arguments.quick_gelu,
                                     "CLIP's activation is x*sigmoid(1.702x); so it is in OpenAI's own files")
                           ->group(group);
  verb.add_flag("--exact-gelu", arguments.exact_gelu, "CLIP's activation is the exact GELU")
      ->excludes(quick)
      ->group(group);
  verb.add_option("--control-order", arguments.control_order,
                  "Whether the encoder's first block takes the controller's last output (reversed) or its first")
      ->check(CLI::IsMember({"reversed", "forward"}))
      ->group(group);
  verb.add_option("--head-width", options.head_width, "Width of an attention head of the image tower (64)")
      ->check(CLI::Range(1, 4096))
      ->group(group);
  verb.add_option("--text-heads", options.text_heads, "Attention heads of the text tower (its width / 64)")
      ->check(CLI::Range(1, 1024))
      ->group(group);
  verb.add_option("--max-sigma", options.max_sigma, "IR-SDE: stationary deviation, in 255ths from 1 on (50)")
      ->check(CLI::PositiveNumber)
      ->group(group);
  verb.add_option("--timesteps", options.timesteps, "IR-SDE: T, the number of times (100)")
      ->check(CLI::Range(1, 100'000))
      ->group(group);
  verb.add_option("--schedule", arguments.schedule, "IR-SDE: theta over time (cosine)")
      ->check(CLI::IsMember({"cosine", "linear", "constant"}))
      ->group(group);
  verb.add_option("--eps", options.eps, "IR-SDE: what is left of the clean picture at T (0.005)")
      ->check(CLI::Range(1e-9, 0.999))
      ->group(group);
}

}  // namespace

void add_import(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App& verb = *program.add_subcommand(
      "import", "Make a model of published checkpoints (PyTorch, safetensors or TensorFlow.js)");
  verb.add_option("FILE", arguments->files,
                  "DA-CLIP or CLIP, and a restoration network (U-Net, NAFNet or MAXIM): .pt, .pth, .bin, .safetensors, "
                  "or the folder of a TensorFlow.js model")
      ->type_name("FILE")
      ->required();
  verb.add_option("-o,--out", arguments->out, "The model: a .safetensors file, or a folder for model.safetensors")
      ->type_name("MODEL")
      ->required();
  verb.add_option("--name", arguments->name, "The model's name for itself (default: that of the file or folder)");
  verb.add_option(
          "--entry", arguments->options.entry,
          "Which entry of the checkpoint to take, or the start of its tensors' names (default: averaged weights\n"
          "if there are some)")
      ->type_name("NAME");
  verb.add_flag("--half", arguments->options.half, "Store matrices in 16 bits");
  verb.add_option("--vocab", arguments->vocabulary,
                  "CLIP's vocabulary bpe_simple_vocab_16e6.txt.gz (default: looked for beside the files)")
      ->type_name("FILE");
  add_tensor_options(verb, *arguments);
  verb.footer(
      "Checkpoints are read, never run: unknown classes and operations in them are refused by name.\n\n"
      "  daclip import daclip_ViT-B-32.pt universal-ir.pth -o models/universal\n"
      "  daclip restore photo.jpg -o repaired.png --model universal");
  verb.callback([arguments, &run] { run = [arguments] { return run_import(*arguments); }; });
}

}  // namespace daclip::app
