#include "host/capture/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "host/capture/collector.h"

namespace xic {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

/// The smallest `limit` names of a folder: bounded memory, and the same names whatever order the
/// file system lists them in.
Expected<std::set<std::string>> names_of(UniqueFd fd, const std::string& path, std::size_t limit,
                                         bool* more) {
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(fd.get()));
  if (!dir) return tl::unexpected(system_error("list " + path, errno));
  (void)fd.release();  // closedir() closes it.
  std::set<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return tl::unexpected(system_error("list " + path, errno));
      return names;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    names.emplace(name);
    if (names.size() > limit) {
      names.erase(std::prev(names.end()));
      *more = true;
    }
  }
}

class Walker {
 public:
  Walker(const CaptureBounds& bounds, Collector* collector)
      : bounds_(bounds), collector_(collector) {}

  /// `prefix` is the path within the capture, "" or ending with a slash.
  Expected<void> walk(UniqueFd folder, const std::string& prefix, std::size_t depth) {
    UniqueFd listing(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 3));
    if (!listing.valid()) return tl::unexpected(system_error("list " + prefix, errno));
    bool more = false;
    const auto names = names_of(std::move(listing), prefix, bounds_.entries, &more);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      if (!collector_->take_entry()) return {};
      visit(folder.get(), name, prefix + name, depth);
    }
    // Names beyond the bound: the next entry does not fit.
    if (more) (void)collector_->take_entry();
    return {};
  }

 private:
  void visit(int folder, const std::string& name, const std::string& path, std::size_t depth) {
    struct stat status {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      collector_->skip(path, system_error("read it", errno).message);
    } else if (S_ISDIR(status.st_mode)) {
      enter(folder, name, path, depth);
    } else if (S_ISREG(status.st_mode)) {
      read(folder, name, path);
    } else {
      collector_->skip(
          path, S_ISLNK(status.st_mode) ? "a link is not followed" : "neither a file nor a folder");
    }
  }

  void enter(int folder, const std::string& name, const std::string& path, std::size_t depth) {
    if (depth >= bounds_.depth) {
      collector_->skip(path, "folders are nested too deeply");
      return;
    }
    UniqueFd inner(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
    if (!inner.valid()) {
      collector_->skip(path, system_error("open it", errno).message);
      return;
    }
    const auto done = walk(std::move(inner), path + '/', depth + 1);
    if (!done) collector_->skip(path, done.error().message);
  }

  void read(int folder, const std::string& name, const std::string& path) {
    // Not blocking: what was a file a moment ago may be a pipe by now.
    const UniqueFd fd(
        ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
      collector_->skip(path, system_error("open it", errno).message);
      return;
    }
    if (!S_ISREG(status.st_mode)) {
      collector_->skip(path, "neither a file nor a folder");
      return;
    }
    Document document{path, {}};
    const auto whole = read_up_to(fd.get(), collector_->room(), path, &document.bytes);
    if (!whole) {
      collector_->skip(path, whole.error().message);
    } else if (!*whole) {
      collector_->skip(path, collector_->no_room());
    } else {
      collector_->add(std::move(document));
    }
  }

  const CaptureBounds& bounds_;
  Collector* collector_;
};

}  // namespace

Expected<Collection> collect_directory(UniqueFd root, const std::string& name,
                                       const CaptureBounds& bounds) {
  Collector collector(bounds);
  auto done = Walker(bounds, &collector).walk(std::move(root), "", 0);
  if (!done) {
    Error error = std::move(done.error());
    error.message = name + ": " + error.message;
    return tl::unexpected(std::move(error));
  }
  return collector.finish();
}

}  // namespace xic
