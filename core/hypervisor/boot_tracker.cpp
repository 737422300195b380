#include "core/hypervisor/boot_tracker.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/scan.h"

namespace xic {
namespace {

/// Compares two copies of one banner: a paste may have broken or cut either of them.
bool same_but_for_blanks_and_end(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  for (;;) {
    while (i < a.size() && scan::is_blank(a[i])) ++i;
    while (j < b.size() && scan::is_blank(b[j])) ++j;
    if (i == a.size() || j == b.size()) return true;
    if (a[i++] != b[j++]) return false;
  }
}

}  // namespace

std::optional<Staleness> BootTracker::on_early_line(const Line& line) {
  if (line.mid_line) return std::nullopt;
  const bool after_banner = banner_.seen && banner_.input == line.input;
  const bool after_later_line = later_ && later_input_ == line.input;
  if (!after_banner && !after_later_line) return std::nullopt;
  return begin(line, true);
}

std::optional<Staleness> BootTracker::on_banner(const Line& line, const Version& version) {
  std::optional<Staleness> stale;
  if (banner_.seen) {
    const bool within_input = banner_.input == line.input;
    if (within_input) {
      const bool offered_again = banner_.offset == line.offset;
      if (!offered_again && after_dom0_start(line)) return std::nullopt;
      if (!offered_again) stale = begin(line, true);
    } else {
      if (same_boot(line, version)) return std::nullopt;
      stale = begin(line, false);
    }
  } else if (later_ && later_input_ == line.input) {
    stale = begin(line, true);
  }
  if (!banner_.seen) ++count_;
  banner_ = {true, line.input, line.offset, line.time, version.text(), bounded_copy(line.text)};
  return stale;
}

void BootTracker::on_later_line(const Line& line) {
  if (line.mid_line) return;
  later_ = true;
  later_input_ = line.input;
}

bool BootTracker::take_new_boot() {
  return std::exchange(new_boot_, false);
}

std::optional<Staleness> BootTracker::begin(const Line& line, bool within_input) {
  banner_ = SeenBanner{};
  later_ = false;
  dom0_start_.reset();
  new_boot_ = true;
  return Staleness{line.input, within_input};
}

bool BootTracker::same_boot(const Line& line, const Version& version) const {
  if (version.text() != banner_.version) return false;
  if (line.time.clock == banner_.time.clock && line.time.value != banner_.time.value) return false;
  return same_but_for_blanks_and_end(line.text, banner_.text);
}

bool BootTracker::after_dom0_start(const Line& line) const {
  // A debug key of a patched Xen prints the banner while dom0 runs; a boot begins at 0 again.
  return dom0_start_ && line.time.clock == Clock::xen_boot &&
         dom0_start_->clock == Clock::xen_boot && line.time.value > dom0_start_->value;
}

}  // namespace xic
