#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "text.h"

namespace daclip::app {
namespace {

int terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

ProgressBar::ProgressBar(size_t items) : items_(std::max<size_t>(items, 1)), terminal_(::isatty(STDERR_FILENO)) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

void ProgressBar::show(size_t done, double share, const std::string& name) {
  if (!terminal_) return;
  const double fraction = std::clamp((double(done) + share) / double(items_), 0.0, 1.0);
  const double seconds = seconds_since(start_);
  constexpr int kCells = 24;
  const int filled = int(fraction * kCells);
  std::string text = cat("[", std::string(size_t(filled), '#'), std::string(size_t(kCells - filled), '.'), "] ",
                         std::min(done + 1, items_), "/", items_, " ");
  if (fraction > 0.01 && fraction < 1) text += cat(clock_text(seconds * (1 - fraction) / fraction), " left ");
  text += shown(name, STDERR_FILENO);
  text.resize(std::min(text.size(), size_t(terminal_width() - 1)));
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::line(const std::string& text) {
  clear();
  std::fprintf(stderr, "%s\n", shown(text, STDERR_FILENO).c_str());
}

std::function<void(size_t, size_t)> counting(std::string name) {
  return [name = std::move(name), progress = std::shared_ptr<ProgressBar>()](size_t done, size_t total) mutable {
    if (!progress) progress = std::make_shared<ProgressBar>(total);
    progress->show(done, 0, name);
  };
}

std::string clock_text(double seconds) {
  const long total = std::lround(std::max(seconds, 0.0));
  char text[32];
  if (total >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  return text;
}

}  // namespace daclip::app
