#include "host/live/quiet_logger.h"

#include "host/live/xen/xentoollog.h"

namespace xic {

xentoollog_logger* quiet_logger() {
  static xentoollog_logger logger = {
      [](xentoollog_logger*, xentoollog_level, int, const char*, const char*, va_list) {},
      nullptr,
      [](xentoollog_logger*) {},
  };
  return &logger;
}

}  // namespace xic
