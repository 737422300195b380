#include "host/capture/archive.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "host/capture/collector.h"
#include "host/capture/libarchive.h"

namespace xic {
namespace {

using namespace std::literals;

struct FreeArchive {
  const LibArchive* functions;
  void operator()(archive* reader) const { functions->archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

const LibArchive& functions_of(const Reader& reader) {
  return *reader.get_deleter().functions;
}

Error damaged(const std::string& name, std::string_view why) {
  Error error;
  error.code = Error::Code::malformed;
  error.message = name + ": " + std::string(why);
  return error;
}

Error damaged(const std::string& name, const Reader& reader) {
  const char* text = functions_of(reader).archive_error_string(reader.get());
  return damaged(name, text != nullptr ? text : "damaged archive");
}

/// The filter is chosen by the first bytes and only one is taken. libarchive's own bidding would
/// nest up to 25 and may start external programs.
int filter_of(std::string_view head) {
  if (is_gzip(head)) return ARCHIVE_FILTER_GZIP;
  if (head.starts_with("\xfd"
                       "7zXZ\0"sv)) {
    return ARCHIVE_FILTER_XZ;
  }
  if (head.starts_with("BZh")) return ARCHIVE_FILTER_BZIP2;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return ARCHIVE_FILTER_ZSTD;
  return ARCHIVE_FILTER_NONE;
}

/// What libarchive reads from: the bytes already read for the sake of the filter, then the file.
struct Input {
  const LibArchive* library;
  UniqueFd fd;
  std::string name;
  std::array<char, 65536> block{};
  std::size_t ready = 0;
};

la_ssize_t read_input(archive* reader, void* state, const void** buffer) {
  auto* input = static_cast<Input*>(state);
  if (input->ready == 0) {
    const auto count = read_some(input->fd.get(), input->block, input->name);
    if (!count) {
      input->library->archive_set_error(reader, count.error().sys_errno, "%s",
                                        count.error().message.c_str());
      return -1;
    }
    input->ready = *count;
  }
  *buffer = input->block.data();
  return static_cast<la_ssize_t>(std::exchange(input->ready, 0));
}

class ArchiveWalker {
 public:
  ArchiveWalker(const Reader& reader, const std::string& name, const CaptureBounds& bounds)
      : library_(functions_of(reader)),
        reader_(reader),
        name_(name),
        bounds_(bounds),
        collector_(bounds) {}

  Expected<Collection> walk() {
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = library_.archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF) break;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        return tl::unexpected(damaged(name_, reader_));
      }
      if (!collector_.take_entry() || !visit(entry)) break;
      if (failed_) return tl::unexpected(std::move(error_));
    }
    return collector_.finish();
  }

 private:
  /// False where the rest of the archive must not be unpacked.
  bool visit(archive_entry* entry) {
    const std::string path = path_of(entry);
    const auto type = library_.archive_entry_filetype(entry);
    const bool regular = type == AE_IFREG && library_.archive_entry_hardlink(entry) == nullptr;
    if (!regular && type != AE_IFDIR) {
      collector_.skip(path, "neither a file nor a folder");
    }
    const auto declared =
        static_cast<std::uint64_t>(std::max<la_int64_t>(library_.archive_entry_size(entry), 0));
    const auto unpacked = static_cast<std::uint64_t>(
        std::max<la_int64_t>(library_.archive_filter_bytes(reader_.get(), 0), 0));
    if (declared > bounds_.unpacked_bytes || unpacked > bounds_.unpacked_bytes - declared) {
      collector_.cut_off(path,
                         "the archive unpacks to too much; this and what follows is not read");
      return false;
    }
    if (regular) read(path, declared);
    return true;
  }

  void read(const std::string& path, std::uint64_t declared) {
    if (declared > collector_.room()) {
      collector_.skip(path, collector_.no_room());
      return;
    }
    Document document{path, {}};
    document.bytes.resize(static_cast<std::size_t>(declared));
    std::size_t have = 0;
    while (have < document.bytes.size()) {
      const la_ssize_t count = library_.archive_read_data(
          reader_.get(), document.bytes.data() + have, document.bytes.size() - have);
      if (count < 0) {
        failed_ = true;
        error_ = damaged(name_, reader_);
        return;
      }
      if (count == 0) break;
      have += static_cast<std::size_t>(count);
    }
    document.bytes.resize(have);
    collector_.add(std::move(document));
  }

  std::string path_of(archive_entry* entry) {
    ++number_;
    // In the C locale the multibyte form is missing for names that are not ASCII.
    const char* path = library_.archive_entry_pathname_utf8(entry);
    if (path == nullptr) path = library_.archive_entry_pathname(entry);
    if (path == nullptr || *path == '\0') return "entry " + std::to_string(number_);
    return path;
  }

  const LibArchive& library_;
  const Reader& reader_;
  const std::string& name_;
  const CaptureBounds& bounds_;
  Collector collector_;
  std::size_t number_ = 0;
  bool failed_ = false;
  Error error_;
};

Expected<Reader> new_reader() {
  const auto library = LibArchive::load();
  if (!library) return tl::unexpected(library.error());
  Reader reader((*library)->archive_read_new(), FreeArchive{*library});
  if (!reader) return tl::unexpected(Error{Error::Code::io, 0, "out of memory", ""});
  return reader;
}

/// Sets exactly one filter and one format; nothing is guessed.
Expected<void> choose(const Reader& reader, int filter, int format, const std::string& name) {
  const LibArchive& library = functions_of(reader);
  if (filter != ARCHIVE_FILTER_NONE &&
      library.archive_read_append_filter(reader.get(), filter) != ARCHIVE_OK) {
    return tl::unexpected(damaged(name, "this build cannot unpack its compression"));
  }
  if (library.archive_read_set_format(reader.get(), format) != ARCHIVE_OK) {
    return tl::unexpected(damaged(name, reader));
  }
  return {};
}

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b\x08");
}

Expected<Collection> collect_archive(UniqueFd file, const std::string& name,
                                     const CaptureBounds& bounds) {
  const auto made = new_reader();
  if (!made) return tl::unexpected(made.error());
  const Reader& reader = *made;
  const LibArchive& library = functions_of(reader);
  const auto input = std::make_unique<Input>();
  input->library = &library;
  input->fd = std::move(file);
  input->name = name;
  // A pipe may give a few bytes at a time; a tar record is 512 bytes, a filter's magic fewer.
  while (input->ready < 512) {
    const auto count =
        read_some(input->fd.get(), std::span(input->block).subspan(input->ready), name);
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) break;
    input->ready += *count;
  }
  if (input->ready == 0) return tl::unexpected(damaged(name, "empty file"));
  const int filter = filter_of({input->block.data(), input->ready});
  if (auto chosen = choose(reader, filter, ARCHIVE_FORMAT_TAR, name); !chosen) {
    return tl::unexpected(std::move(chosen.error()));
  }
  if (library.archive_read_open(reader.get(), input.get(), nullptr, read_input, nullptr) !=
      ARCHIVE_OK) {
    return tl::unexpected(damaged(name, reader));
  }
  return ArchiveWalker(reader, name, bounds).walk();
}

Expected<std::string> gunzip(std::string_view bytes, std::size_t limit, const std::string& name) {
  const auto made = new_reader();
  if (!made) return tl::unexpected(made.error());
  const Reader& reader = *made;
  const LibArchive& library = functions_of(reader);
  if (auto chosen = choose(reader, ARCHIVE_FILTER_GZIP, ARCHIVE_FORMAT_RAW, name); !chosen) {
    return tl::unexpected(std::move(chosen.error()));
  }
  archive_entry* entry = nullptr;
  if (library.archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK ||
      library.archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return tl::unexpected(damaged(name, reader));
  }
  std::string unpacked;
  std::array<char, 65536> block{};
  for (;;) {
    const la_ssize_t count = library.archive_read_data(reader.get(), block.data(), block.size());
    if (count < 0) return tl::unexpected(damaged(name, reader));
    if (count == 0) break;
    if (unpacked.size() + static_cast<std::size_t>(count) > limit) {
      Error error = damaged(name, "unpacks to too much");
      error.code = Error::Code::too_large;
      return tl::unexpected(std::move(error));
    }
    unpacked.append(block.data(), static_cast<std::size_t>(count));
  }
  // libarchive takes a damaged header for the end.
  if (unpacked.empty()) return tl::unexpected(damaged(name, "damaged gzip"));
  return unpacked;
}

}  // namespace xic
