// Blur kernels of Real-ESRGAN and of pyblur for the "wild" degradations, and OpenCV's resampling.
#pragma once

#include <vector>

#include "image/float_image.h"

namespace daclip {

struct BlurKernel {
  int size = 0;                 // odd
  std::vector<double> weights;  // (size, size), with sum 1
};

// exp(-q^shape / 2) of the squared Mahalanobis distance q; shape 1 is a Gaussian. sigmas in pixels, theta in radians.
BlurKernel gaussian_kernel(int size, double sigma_x, double sigma_y, double theta, double shape = 1);

// 1 / (1 + q^shape), with q as above.
BlurKernel plateau_kernel(int size, double sigma_x, double sigma_y, double theta, double shape);

// Circular low-pass filter; cutoff in radians per pixel, (0, pi].
BlurKernel sinc_kernel(int size, double cutoff);

BlurKernel disc_kernel(int size);  // defocus blur
BlurKernel box_kernel(int size);
BlurKernel line_kernel(int size, double degrees);  // through the centre; the angle is rounded to the pixel grid

void normalise(BlurKernel& kernel);

// Correlation with the kernel. The border is extended by reflection (border pixel not repeated).
FloatImage filter(const FloatImage& image, const BlurKernel& kernel);

enum class CvFilter { area, cubic, linear };

// Like cv2.resize on floats: antialiased only for `area`, cubic with a = -0.75.
FloatImage cv_resize(const FloatImage& image, int width, int height, CvFilter filter);

}  // namespace daclip
