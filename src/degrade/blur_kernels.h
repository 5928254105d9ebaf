// Blur kernels of Real-ESRGAN and of pyblur, as the "wild" degradations draw them, and OpenCV's resampling around them.
#pragma once

#include <vector>

#include "image/float_image.h"

namespace daclip {

struct BlurKernel {
  int size = 0;                 // odd
  std::vector<double> weights;  // (size, size), summing to 1
};

// exp(-q^shape / 2) of the squared Mahalanobis distance q; shape 1 is a Gaussian. sigmas in pixels, theta in radians.
BlurKernel gaussian_kernel(int size, double sigma_x, double sigma_y, double theta, double shape = 1);

// 1 / (1 + q^shape)
BlurKernel plateau_kernel(int size, double sigma_x, double sigma_y, double theta, double shape);

// The round low-pass filter with this cutoff, radians a pixel (0, pi].
BlurKernel sinc_kernel(int size, double cutoff);

BlurKernel disc_kernel(int size);  // out of focus
BlurKernel box_kernel(int size);
BlurKernel line_kernel(int size, double degrees);  // through the centre; the angle is rounded to what the grid has

void normalise(BlurKernel& kernel);

// Correlation with the kernel; the border is mirrored without its edge pixel.
FloatImage filter(const FloatImage& image, const BlurKernel& kernel);

enum class CvFilter { area, cubic, linear };

// As cv2.resize on floats: no antialiasing but in `area`, cubic with a = -0.75.
FloatImage cv_resize(const FloatImage& image, int width, int height, CvFilter filter);

}  // namespace daclip
