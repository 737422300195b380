// Log files -> observer: one is streamed, several are merged.
#include <sys/stat.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/capture/feed.h"
#include "host/capture/file.h"
#include "host/capture/log_files.h"
#include "host/capture/recognise.h"
#include "host/sources.h"

namespace xic {
namespace {

constexpr std::size_t kBlock = std::size_t{128} * 1024;
/// Of all logs that are merged.
constexpr std::size_t kMaxMergeTotal = std::size_t{256} * 1024 * 1024;

std::string label_of_log(std::string_view beginning) {
  Recognition found = recognise(beginning);
  if (found.kind == TextKind::notes) found.kind = TextKind::mixed;
  return label_of(found);
}

/// Reads the rest of `log` in constant memory.
Expected<void> stream(const OpenLog& log, Observer* observer) {
  const auto block = std::make_unique_for_overwrite<char[]>(kBlock);
  const std::span<char> buffer(block.get(), kBlock);
  Observer::InputOptions options;
  options.name = log.name;
  bool begun = false;
  const auto deliver = [&](std::string_view bytes) {
    if (!begun) {
      begun = true;
      options.recognised_as = label_of_log(bytes.substr(0, kBlock));
      observer->begin_input(options);
    }
    observer->feed(bytes);
  };
  if (!log.bytes.empty()) deliver(log.bytes);
  for (bool more = !log.whole; more;) {
    const auto count = read_some(log.fd.get(), buffer, log.name);
    if (!count) return tl::unexpected(count.error());
    more = *count != 0;
    if (more || !begun) deliver({buffer.data(), *count});
  }
  observer->end_input();
  return {};
}

/// A file of known size that is too large to be merged need not be loaded to find that out.
bool known_too_large(const UniqueFd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         static_cast<std::size_t>(status.st_size) > kMaxMergeBytes;
}

}  // namespace

Expected<std::vector<OpenLog>> open_logs(const std::vector<std::string>& paths) {
  std::vector<OpenLog> logs;
  for (const std::string& path : paths) {
    auto fd = open_for_reading(path);
    if (!fd) return tl::unexpected(std::move(fd.error()));
    logs.push_back({path == "-" ? "standard input" : path, std::move(*fd), {}, false});
  }
  return logs;
}

Expected<bool> load_logs(std::vector<OpenLog>* logs) {
  for (const OpenLog& log : *logs) {
    if (known_too_large(log.fd)) return false;
  }
  std::size_t total = 0;
  for (OpenLog& log : *logs) {
    const auto whole = read_up_to(log.fd.get(), kMaxMergeBytes, log.name, &log.bytes);
    if (!whole) return tl::unexpected(whole.error());
    log.whole = *whole;
    total += log.bytes.size();
    if (!log.whole || total > kMaxMergeTotal) return false;
  }
  return true;
}

TextKind kind_of_log(std::string_view text) {
  const Recognition found = recognise(text);
  const bool alone = found.kind == TextKind::console || found.kind == TextKind::empty;
  if (found.kind == TextKind::notes || (found.mentions_xen && !alone)) return TextKind::mixed;
  return found.kind;
}

std::vector<LabelledText> texts_of(const std::vector<OpenLog>& logs) {
  std::vector<LabelledText> texts;
  texts.reserve(logs.size());
  for (const OpenLog& log : logs) texts.push_back({log.name, log.bytes, label_of_log(log.bytes)});
  return texts;
}

Expected<void> stream_logs(std::vector<OpenLog>* logs, Observer* observer) {
  for (OpenLog& log : *logs) {
    auto done = stream(log, observer);
    if (!done) return done;
    log.bytes = std::string();
    log.fd.reset();
  }
  return {};
}

void note_not_merged(Observer* observer) {
  observer->add_limit({"logs_not_merged", "the logs are too large to be aligned with each other",
                       "a line that stands in two of them is counted twice"});
}

Expected<void> read_logs(const std::vector<std::string>& paths, Observer* observer) {
  observer->set_mode(InputMode::log, false);
  auto logs = open_logs(paths);
  if (!logs) return tl::unexpected(std::move(logs.error()));
  if (logs->size() == 1) return stream_logs(&*logs, observer);
  const auto loaded = load_logs(&*logs);
  if (!loaded) return tl::unexpected(loaded.error());
  if (*loaded) {
    feed_merged(texts_of(*logs), observer);
    return {};
  }
  note_not_merged(observer);
  return stream_logs(&*logs, observer);
}

}  // namespace xic
