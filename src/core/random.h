// Seeded random numbers that are identical on every machine and compiler. The standard library's distributions are not.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace daclip {

// SplitMix64 (Steele et al. 2014): scrambles a seed and derives independent streams from it.
inline uint64_t mix_seed(uint64_t seed, uint64_t stream = 0) {
  uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (stream + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// The xoshiro256++ generator (Blackman & Vigna 2019).
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (int i = 0; i < 4; ++i) state_[i] = mix_seed(seed, uint64_t(i));
  }

  uint64_t next() {
    const uint64_t result = rotl(state_[0] + state_[3], 23) + state_[0];
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, 1).
  double uniform() { return double(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // Uniform in [0, n); n >= 1.
  int64_t below(int64_t n) { return int64_t(uniform() * double(n)); }

  bool chance(double probability) { return uniform() < probability; }

  // Standard normal by the Box-Muller transform. The second value of each pair is kept for the next call.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  static uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace daclip
