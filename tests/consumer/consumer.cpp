// Restores a picture: consumer IN OUT.
#include <daclip/restorer.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const daclip::Model model = daclip::Model::load("compact");
    daclip::Restorer restorer(model);
    const daclip::RestoreResult result = restorer.restore(daclip::read_image(argv[1]));
    daclip::write_image(argv[2], result.image);
    std::cout << result.degradation << std::endl;
  } catch (const daclip::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
