// A small file of the state directory that is replaced as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/files.h"

namespace xic::daemon {

class StateFile {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{64} * 1024;

  /// Both are of the state directory and must outlive it.
  StateFile(HistoryFiles* reads, PublishedFiles* writes, std::string name)
      : reads_(reads), writes_(writes), name_(std::move(name)) {}

  /// Nothing where there is none.
  [[nodiscard]] Expected<std::optional<std::string>> read() const {
    return reads_->read(name_, kMostBytes);
  }
  /// It holds all of `text`, or what it held before.
  [[nodiscard]] Expected<void> write(std::string_view text) const {
    return writes_->replace(name_, text);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  HistoryFiles* reads_;
  PublishedFiles* writes_;
  std::string name_;
};

}  // namespace xic::daemon
