// Tells one boot of the hypervisor from the next within the texts that are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/console/line.h"
#include "core/hypervisor/fact_store.h"
#include "core/hypervisor/hypervisor.h"

namespace xic {

/// On Arm the order is: early lines (memory, command line), banner, later lines, dom0. A serial
/// console shows the early ones only with early printk.
class BootTracker {
 public:
  /// Each of these returns what became stale where the line began a new boot.
  [[nodiscard]] std::optional<Staleness> on_early_line(const Line& line);
  [[nodiscard]] std::optional<Staleness> on_banner(const Line& line, const Version& version);
  void on_later_line(const Line& line);
  void on_dom0_start(Timestamp time) { dom0_start_ = time; }

  /// The text of the last boot reaches back to its banner.
  [[nodiscard]] bool start_seen() const { return banner_.seen; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] bool take_new_boot();

 private:
  struct SeenBanner {
    bool seen = false;
    std::uint32_t input = 0;
    std::uint64_t offset = 0;
    Timestamp time;
    std::string version;
    std::string text;
  };

  [[nodiscard]] std::optional<Staleness> begin(const Line& line, bool within_input);
  [[nodiscard]] bool same_boot(const Line& line, const Version& version) const;
  [[nodiscard]] bool after_dom0_start(const Line& line) const;

  SeenBanner banner_;
  bool later_ = false;
  std::uint32_t later_input_ = 0;
  std::optional<Timestamp> dom0_start_;
  bool new_boot_ = false;
  std::uint32_t count_ = 0;
};

}  // namespace xic
