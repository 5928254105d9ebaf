#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>

#include "core/files.h"
#include "text.h"
#include "verbs.h"
#include "version.h"

namespace daclip::app {
namespace {

constexpr const char* kAbout =
    "Repairs photos: noise, blur, haze, rain, snow, raindrops, shadows, darkness, JPEG blocks, holes.\n"
    "It looks at a photo, recognises what is wrong with it, and restores it.\n\n"
    "  daclip restore photo.jpg -o repaired.png      one photo\n"
    "  daclip restore photos/ -o repaired/           a folder\n"
    "  daclip classify photo.jpg                     only tell what is wrong";

constexpr const char* kExitCodes =
    "Exit codes: 0 all done; 1 some inputs failed, the others are done; 2 wrong usage, model or output folder.\n"
    "`daclip VERB --help` describes a verb.";

// Idle OpenMP threads spin by default. Where anything else runs on the machine they take its time and their own (a
// photo took 5 s instead of 1.6 beside one busy process). OpenMP reads its environment before main, so the program
// starts itself once more; should that fail, it goes on as it is.
void restart_without_spinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || ::setenv("OMP_WAIT_POLICY", "passive", 1) != 0) return;
  ::execv(program.c_str(), argv);
}

int parse_and_run(int argc, char** argv) {
  CLI::App program(kAbout, "daclip");
  program.set_version_flag("--version", version_text, "Print the version, the commit and what this build can do");
  program.set_help_flag("-h,--help", "Print this help");
  program.footer(kExitCodes);
  program.require_subcommand(1);
  Run run;
  add_restore(program, run);
  add_classify(program, run);
  add_degrade(program, run);
  add_compare(program, run);
  add_dataset(program, run);
  add_eval(program, run);
  add_import(program, run);
  add_info(program, run);
  add_plot(program, run);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == int(CLI::ExitCodes::Success)) return program.exit(error);  // --help, --version
    complain(std::string(error.what()) + " (daclip --help tells more)");
    return kWrongUsage;
  }
  return run();
}

}  // namespace
}  // namespace daclip::app

int main(int argc, char** argv) {
  daclip::app::restart_without_spinning(argv);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, told like any other
  daclip::prepare_signals();
  try {
    return daclip::app::parse_and_run(argc, argv);
  } catch (const std::bad_alloc&) {
    daclip::app::complain("not enough memory");
  } catch (const std::exception& error) {
    daclip::app::complain(error.what());
  }
  return daclip::app::kWrongUsage;
}
