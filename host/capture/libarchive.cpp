#include "host/capture/libarchive.h"

#include <dlfcn.h>

#include <string>

namespace xic {
namespace {

/// Its interface since libarchive 3.0 (2012).
constexpr const char* kFile = "libarchive.so.13";

Error unusable() {
  const char* why = ::dlerror();
  return {Error::Code::unavailable, 0,
          std::string("cannot load libarchive: ") + (why != nullptr ? why : "no reason"),
          "install it (Debian: libarchive13), or unpack the archive and give the folder"};
}

Expected<LibArchive> load_once() {
  void* const handle = ::dlopen(kFile, RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr) return tl::unexpected(unusable());
  LibArchive library;
  bool complete = true;
#define XIC_LIBARCHIVE_LOOK_UP(name)                                          \
  library.name = reinterpret_cast<decltype(&::name)>(::dlsym(handle, #name)); \
  complete = complete && library.name != nullptr;
  XIC_LIBARCHIVE_FUNCTIONS(XIC_LIBARCHIVE_LOOK_UP)
#undef XIC_LIBARCHIVE_LOOK_UP
  if (!complete) return tl::unexpected(unusable());
  return library;
}

}  // namespace

Expected<const LibArchive*> LibArchive::load() {
  static const Expected<LibArchive> library = load_once();
  if (!library) return tl::unexpected(library.error());
  return &*library;
}

}  // namespace xic
