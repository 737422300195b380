// libarchive, loaded when the first archive is read or written. It brings ten further libraries
// along (ICU among them), whose relocation costs more than a whole `check` of a running host.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "core/types.h"

namespace xic {

/// The functions of libarchive that are used, under their own names.
struct LibArchive {
  /// The same object at each call; never unloaded. An error (unavailable) where the library
  /// is not installed or lacks a function.
  [[nodiscard]] static Expected<const LibArchive*> load();

#define XIC_LIBARCHIVE_FUNCTIONS(one)                                                             \
  one(archive_entry_filetype) one(archive_entry_free) one(archive_entry_hardlink)                 \
      one(archive_entry_new) one(archive_entry_pathname) one(archive_entry_pathname_utf8) one(    \
          archive_entry_set_filetype) one(archive_entry_set_pathname) one(archive_entry_set_perm) \
          one(archive_entry_set_size) one(archive_entry_size) one(archive_errno)                  \
              one(archive_error_string) one(archive_filter_bytes) one(archive_read_append_filter) \
                  one(archive_read_data) one(archive_read_free) one(archive_read_new)             \
                      one(archive_read_next_header) one(archive_read_open)                        \
                          one(archive_read_open_memory) one(archive_read_set_format)              \
                              one(archive_set_error) one(archive_write_add_filter_gzip)           \
                                  one(archive_write_close) one(archive_write_data)                \
                                      one(archive_write_free) one(archive_write_header)           \
                                          one(archive_write_new) one(archive_write_open_fd)       \
                                              one(archive_write_set_format_pax_restricted)

// NOLINTNEXTLINE(bugprone-macro-parentheses): the compiler warns of them.
#define XIC_LIBARCHIVE_MEMBER(name) decltype(&::name) name = nullptr;
  XIC_LIBARCHIVE_FUNCTIONS(XIC_LIBARCHIVE_MEMBER)
#undef XIC_LIBARCHIVE_MEMBER
};

}  // namespace xic
