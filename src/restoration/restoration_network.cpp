#include "restoration/restoration_network.h"

namespace daclip {

std::unique_ptr<RestorationNetwork> with_context_dims(const RestorationNetwork& network, const ContextDims& dims) {
  std::unique_ptr<RestorationNetwork> result = network.clone();
  result->set_context_dims(dims);
  return result;
}

}  // namespace daclip
