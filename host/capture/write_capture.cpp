#include "host/capture/write_capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "host/capture/file.h"
#include "host/capture/libarchive.h"
#include "host/capture/manifest.h"
#include "host/capture/observations.h"

namespace xic {
namespace {

constexpr std::string_view kTemporary = ".xen-iommu-check.XXXXXX";

struct FreeArchive {
  const LibArchive* library;
  void operator()(archive* writer) const { library->archive_write_free(writer); }
};
struct FreeEntry {
  const LibArchive* library;
  void operator()(archive_entry* entry) const { library->archive_entry_free(entry); }
};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

/// "host1.tar.gz" and "dir/host1" hold their files in "host1/".
std::string stem_of(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  path.remove_prefix(path.rfind('/') + 1);
  for (const std::string_view suffix : {".tar.gz", ".tgz"}) {
    if (path.ends_with(suffix)) path.remove_suffix(suffix.size());
  }
  return path.empty() ? std::string("capture") : std::string(path);
}

bool is_archive(std::string_view path) {
  return path.ends_with(".tar.gz") || path.ends_with(".tgz");
}

/// Gives what stands at `temporary` its name, unless that is taken.
Expected<void> publish(const std::string& temporary, const std::string& path) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
    return {};
  }
  Error error = system_error("write " + path, errno);
  if (errno == EEXIST) error.hint = "name a file or folder that is not there yet";
  return tl::unexpected(std::move(error));
}

Expected<void> write_file(int folder, const std::string& name, std::string_view bytes) {
  UniqueFd fd(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return tl::unexpected(system_error("write " + name, errno));
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return tl::unexpected(system_error("write " + name, errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd.get()) != 0) return tl::unexpected(system_error("write " + name, errno));
  return {};
}

/// A folder beside its place; removed again unless it was published.
class TemporaryFolder {
 public:
  static Expected<TemporaryFolder> make(const std::string& beside) {
    TemporaryFolder folder;
    folder.path_ = folder_of(beside) + std::string(kTemporary);
    if (::mkdtemp(folder.path_.data()) == nullptr) {
      return tl::unexpected(system_error("write " + beside, errno));
    }
    folder.fd_ = UniqueFd(::open(folder.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.fd_.valid()) return tl::unexpected(system_error("write " + beside, errno));
    return folder;
  }
  TemporaryFolder(TemporaryFolder&&) = default;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    if (!fd_.valid()) return;
    for (const std::string& name : names_) ::unlinkat(fd_.get(), name.c_str(), 0);
    ::rmdir(path_.c_str());
  }

  Expected<void> add(const Document& file) {
    names_.push_back(file.name);
    return write_file(fd_.get(), file.name, file.bytes);
  }
  Expected<void> publish_as(const std::string& path) {
    auto published = publish(path_, path);
    if (published) fd_.reset();
    return published;
  }

 private:
  TemporaryFolder() = default;
  std::string path_;
  UniqueFd fd_;
  std::vector<std::string> names_;
};

Expected<void> write_folder(const std::vector<Document>& files, const std::string& path) {
  auto folder = TemporaryFolder::make(path);
  if (!folder) return tl::unexpected(std::move(folder.error()));
  for (const Document& file : files) {
    if (auto added = folder->add(file); !added) return added;
  }
  return folder->publish_as(path);
}

Error archive_failure(const LibArchive& library, archive* writer, const std::string& path) {
  const char* text = library.archive_error_string(writer);
  Error error;
  error.sys_errno = library.archive_errno(writer);
  error.message = "cannot write " + path + ": " + (text != nullptr ? text : "libarchive failed");
  return error;
}

Expected<void> fill(const LibArchive& library, archive* writer, const std::vector<Document>& files,
                    const std::string& path, int fd) {
  const bool open = library.archive_write_add_filter_gzip(writer) == ARCHIVE_OK &&
                    library.archive_write_set_format_pax_restricted(writer) == ARCHIVE_OK &&
                    library.archive_write_open_fd(writer, fd) == ARCHIVE_OK;
  if (!open) return tl::unexpected(archive_failure(library, writer, path));
  for (const Document& file : files) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(library.archive_entry_new(),
                                                          FreeEntry{&library});
    library.archive_entry_set_pathname(entry.get(), (stem_of(path) + '/' + file.name).c_str());
    library.archive_entry_set_filetype(entry.get(), AE_IFREG);
    library.archive_entry_set_perm(entry.get(), 0600);
    library.archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.bytes.size()));
    const bool written = library.archive_write_header(writer, entry.get()) == ARCHIVE_OK &&
                         library.archive_write_data(writer, file.bytes.data(), file.bytes.size()) ==
                             static_cast<la_ssize_t>(file.bytes.size());
    if (!written) return tl::unexpected(archive_failure(library, writer, path));
  }
  if (library.archive_write_close(writer) != ARCHIVE_OK)
    return tl::unexpected(archive_failure(library, writer, path));
  return {};
}

Expected<void> write_archive(const std::vector<Document>& files, const std::string& path) {
  const auto library = LibArchive::load();
  if (!library) return tl::unexpected(library.error());
  std::string temporary = folder_of(path) + std::string(kTemporary);
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return tl::unexpected(system_error("write " + path, errno));
  const std::unique_ptr<archive, FreeArchive> writer((*library)->archive_write_new(),
                                                     FreeArchive{*library});
  Expected<void> done = fill(**library, writer.get(), files, path, fd.get());
  if (done && ::fsync(fd.get()) != 0) done = tl::unexpected(system_error("write " + path, errno));
  if (done) done = publish(temporary, path);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace

std::vector<Document> capture_files(const HostRecord& record, const std::string& tool_version,
                                    bool masked) {
  Manifest manifest;
  manifest.tool_version = tool_version;
  manifest.recorded_at = record.recorded_at;
  manifest.root = record.root;
  manifest.masked = masked;
  manifest.tried = record.tried;
  std::vector<Document> files = record.texts;
  for (const Document& text : record.texts) {
    if (text.kind) manifest.files.emplace(text.name, *text.kind);
  }
  files.push_back({"observations.ndjson", write_observations(record.observations)});
  files.push_back({"manifest.json", write_manifest(manifest)});
  return files;
}

Expected<void> write_capture(const std::vector<Document>& files, const std::string& path) {
  return is_archive(path) ? write_archive(files, path) : write_folder(files, path);
}

}  // namespace xic
