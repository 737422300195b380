// A folder or an archive -> observer.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "host/capture/archive.h"
#include "host/capture/directory.h"
#include "host/capture/log_files.h"
#include "host/capture/manifest.h"
#include "host/capture/observations.h"
#include "host/capture/recognise.h"
#include "host/capture/record.h"
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

/// "host1/" of "host1/observations.ndjson": names in our own records are those beside them.
std::string folder_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash + 1);
}

void put_into(const std::string& folder, Observation* observation) {
  if (auto* gap = std::get_if<ConsoleGap>(observation)) gap->text.insert(0, folder);
  if (auto* records = std::get_if<GrantRecords>(observation)) records->text.insert(0, folder);
}

/// Several manifests (captures within a folder) add up; a part recorded without root makes the
/// whole one without.
HostRecord record_of(std::vector<Document> documents, Observer* observer) {
  HostRecord record;
  std::vector<Limit> limits;
  std::vector<Manifest> manifests;
  std::vector<std::string> folders;  // of each of them
  for (const Document& document : documents) {
    const TextKind kind = recognise(document.bytes).kind;
    if (kind == TextKind::manifest) {
      manifests.push_back(read_manifest(document.bytes, document.name, &limits));
      folders.push_back(folder_of(document.name));
    } else if (kind == TextKind::observations) {
      Observations read = read_observations(document.bytes, document.name);
      for (Observation& one : read.found) put_into(folder_of(document.name), &one);
      std::move(read.found.begin(), read.found.end(), std::back_inserter(record.observations));
      std::move(read.limits.begin(), read.limits.end(), std::back_inserter(limits));
    }
  }
  record.root =
      !manifests.empty() && std::all_of(manifests.begin(), manifests.end(),
                                        [](const Manifest& manifest) { return manifest.root; });
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    Manifest& manifest = manifests[i];
    std::move(manifest.tried.begin(), manifest.tried.end(), std::back_inserter(record.tried));
    for (Document& document : documents) {
      if (!document.name.starts_with(folders[i])) continue;
      const auto stated = manifest.files.find(document.name.substr(folders[i].size()));
      if (stated == manifest.files.end()) continue;
      document.kind = stated->second;
      document.verbatim = true;
    }
  }
  record.texts = std::move(documents);
  for (Limit& limit : limits) observer->add_limit(std::move(limit));
  return record;
}

Error nothing_recognised(const std::string& path) {
  Error error;
  error.code = Error::Code::malformed;
  error.message = path + ": no file in it was recognised";
  error.hint =
      "save what `xl dmesg`, `xl info`, `xenstore-ls -f`, `cat /proc/iomem` and `dmesg` print "
      "into files there, under any names";
  return error;
}

}  // namespace

Expected<void> read_capture(const std::string& path, Observer* observer) {
  return read_capture(path, {}, observer);
}

Expected<void> read_capture(const std::string& path, const std::vector<std::string>& log_paths,
                            Observer* observer) {
  auto logs = open_logs(log_paths);
  if (!logs) return tl::unexpected(std::move(logs.error()));
  auto collection = collect(path);
  if (!collection) return tl::unexpected(std::move(collection.error()));
  for (Limit& limit : collection->limits) observer->add_limit(std::move(limit));
  HostRecord record = record_of(std::move(collection->documents), observer);
  const auto loaded = load_logs(&*logs);
  if (!loaded) return tl::unexpected(loaded.error());
  if (*loaded) {
    for (OpenLog& log : *logs) {
      const TextKind kind = kind_of_log(log.bytes);
      record.texts.push_back({log.name, std::move(log.bytes), kind});
    }
  }
  if (!observe(record, InputMode::capture, observer))
    return tl::unexpected(nothing_recognised(path));
  if (*loaded) return {};
  note_not_merged(observer);
  return stream_logs(&*logs, observer);
}

}  // namespace xic
