// Hypervisor images: unpacking and scanning.
#include <cstddef>
#include <cstdint>
#include <string>

#include "host/capture/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto image = xic::unpack_image(bytes, "image");
  if (image) (void)xic::console_lines(xic::scan_image(*image));
  return 0;
}
