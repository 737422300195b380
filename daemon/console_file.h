// xenconsoled's hypervisor.log in the place of the ring.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/state_file.h"
#include "host/inquiry/hypervisor_log.h"

namespace xic::daemon {

/// Gives each byte a place that stays the same over rotations and restarts: which file it was, and
/// where that stands in the text as a whole, is kept in the state directory. A file that nobody
/// knows begins a text of its own, with a name of its own.
class ConsoleFile final : public ConsoleRing {
 public:
  /// Of a file met for the first time, and after a stop, so much is read at most.
  static constexpr std::uint64_t kReadBack = std::uint64_t{3} << 20;

  /// `make_name`: 32 hex digits that nobody has had.
  ConsoleFile(std::string path, StateFile kept, std::function<std::string()> make_name);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The name of the text; finds it at first.
  [[nodiscard]] Expected<std::string> epoch();
  [[nodiscard]] Expected<RingRead> read(RingIndex after, std::span<char> buffer) override;
  [[nodiscard]] Expected<RingIndex> oldest() override;

 private:
  struct Known {
    std::string epoch;
    LogPlace place;
  };
  [[nodiscard]] Expected<void> find();
  [[nodiscard]] std::optional<Known> remembered() const;
  void remember();

  std::string path_;
  HypervisorLog log_;
  StateFile kept_;
  std::function<std::string()> make_name_;
  std::string epoch_;  ///< "" until it was found.
  /// Not in the state directory yet.
  std::optional<LogPlace> unwritten_;
};

}  // namespace xic::daemon
