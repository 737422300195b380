// A folder or an archive -> observer.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "host/capture/archive.h"
#include "host/capture/directory.h"
#include "host/capture/feed.h"
#include "host/capture/log_files.h"
#include "host/capture/observations.h"
#include "host/capture/recognise.h"
#include "host/sources.h"

namespace xic {
namespace {

Expected<Collection> collect(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return tl::unexpected(system_error("read " + path, errno));
  }
  if (S_ISDIR(status.st_mode)) return collect_directory(std::move(fd), path);
  auto found = collect_archive(std::move(fd), path);
  if (!found && found.error().code == Error::Code::malformed) {
    found.error().message = "no readable tar archive: " + found.error().message;
    found.error().hint = "--capture takes a folder or a .tar[.gz|.xz]; for a single log use --log";
  }
  return found;
}

struct Sorted {
  std::vector<LabelledText> console;  ///< All that may overlap with one another.
  std::vector<LabelledText> identity;
  std::vector<LabelledText> others;
  std::vector<const Document*> manifests;
  std::vector<const Document*> observations;
  bool any_evidence = false;
};

/// Decides for each document what it is; what is no evidence becomes a source without bytes, or a
/// limit where something in it might have been meant as such.
Sorted sort_documents(const std::vector<Document>& documents, Observer* observer) {
  Sorted sorted;
  for (const Document& document : documents) {
    const Recognition found = recognise(document.bytes);
    sorted.any_evidence = sorted.any_evidence || is_evidence(found.kind);
    const LabelledText text{document.name, document.bytes, label_of(found)};
    switch (found.kind) {
      case TextKind::empty:
      case TextKind::notes:
        feed_text({text.name, {}, text.recognised_as}, observer);
        if (found.mentions_xen) {
          observer->add_limit(
              skipped(text.name,
                      "reads like notes or a report, so the console lines it quotes do "
                      "not count; if they should, give it with --log"));
        }
        break;
      case TextKind::binary:
        observer->add_limit(skipped(text.name, "not a text"));
        break;
      case TextKind::manifest:
        sorted.manifests.push_back(&document);
        break;
      case TextKind::observations:
        sorted.observations.push_back(&document);
        break;
      case TextKind::xl_info:
      case TextKind::hypervisor:
        (found.mentions_xen ? sorted.console : sorted.identity).push_back(text);
        break;
      default:
        (found.mentions_xen ? sorted.console : sorted.others).push_back(text);
    }
  }
  return sorted;
}

void feed_sorted(const Sorted& sorted, Observer* observer) {
  for (const Document* manifest : sorted.manifests) {
    feed_text({manifest->name, {}, std::string(to_string(TextKind::manifest))}, observer);
    read_manifest(manifest->bytes, manifest->name, observer);
  }
  // The console first: a boot banner in it starts afresh, what commands answered is newer.
  feed_merged(sorted.console, observer);
  for (const LabelledText& text : sorted.identity) feed_text(text, observer);
  for (const LabelledText& text : sorted.others) feed_text(text, observer);
  for (const Document* record : sorted.observations) {
    feed_text({record->name, {}, std::string(to_string(TextKind::observations))}, observer);
    read_observations(record->bytes, record->name, observer);
  }
}

}  // namespace

Expected<void> read_capture(const std::string& path, Observer* observer) {
  return read_capture(path, {}, observer);
}

Expected<void> read_capture(const std::string& path, const std::vector<std::string>& log_paths,
                            Observer* observer) {
  observer->set_mode(InputMode::capture, false);
  auto logs = open_logs(log_paths);
  if (!logs) return tl::unexpected(std::move(logs.error()));
  auto collection = collect(path);
  if (!collection) return tl::unexpected(std::move(collection.error()));
  for (Limit& limit : collection->limits) observer->add_limit(std::move(limit));
  Sorted sorted = sort_documents(collection->documents, observer);
  if (!sorted.any_evidence) {
    Error error;
    error.code = Error::Code::malformed;
    error.message = path + ": no file in it was recognised";
    error.hint =
        "save what `xl dmesg`, `xl info`, `xenstore-ls -f`, `cat /proc/iomem` and `dmesg` print "
        "into files there, under any names";
    return tl::unexpected(std::move(error));
  }
  const auto loaded = load_logs(&*logs);
  if (!loaded) return tl::unexpected(loaded.error());
  if (*loaded) {
    for (LabelledText& text : texts_of(*logs)) sorted.console.push_back(std::move(text));
  }
  feed_sorted(sorted, observer);
  if (*loaded) return {};
  note_not_merged(observer);
  return stream_logs(&*logs, observer);
}

}  // namespace xic
