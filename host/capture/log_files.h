// Log files that may be streamed or merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/observer.h"
#include "core/types.h"
#include "host/capture/feed.h"
#include "host/capture/file.h"
#include "host/capture/recognise.h"

namespace xic {

struct OpenLog {
  std::string name;
  UniqueFd fd;
  std::string bytes;   ///< What was loaded of it so far.
  bool whole = false;  ///< Nothing follows `bytes`.
};

/// Opens all before anything is read, so that a wrong path is found at once. "-" is standard input.
[[nodiscard]] Expected<std::vector<OpenLog>> open_logs(const std::vector<std::string>& paths);

/// Loads all; false as soon as they turn out to be too large to be merged (kMaxMergeBytes each).
/// stream_log() continues where loading stopped.
[[nodiscard]] Expected<bool> load_logs(std::vector<OpenLog>* logs);

/// What a user called a log is read as one, also where it looks like notes.
[[nodiscard]] TextKind kind_of_log(std::string_view text);

/// Loaded logs, ready to be merged. Views into `logs`.
[[nodiscard]] std::vector<LabelledText> texts_of(const std::vector<OpenLog>& logs);

/// Feeds each log whole, in constant memory beyond what is loaded, which is freed.
[[nodiscard]] Expected<void> stream_logs(std::vector<OpenLog>* logs, Observer* observer);

/// For logs that load_logs() refused.
void note_not_merged(Observer* observer);

}  // namespace xic
