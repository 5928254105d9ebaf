// The 8x8 transforms of baseline JPEG in integers, to the bit as libjpeg's accurate method (jfdctint, jidctint).
#pragma once

#include <cstdint>

namespace daclip {

// samples: 64 values in [-128,127], row by row. Result: coefficients times 8, natural order.
void forward_dct(const int32_t* samples, int32_t* coefficients);

// coefficients: dequantised. Result: samples in [0,255].
void inverse_dct(const int32_t* coefficients, int32_t* samples);

// Quantises by the table and multiplies back: coefficients times 8 in, dequantised coefficients out.
void requantise(int32_t* coefficients, const int32_t* table);

}  // namespace daclip
