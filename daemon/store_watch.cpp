#include "daemon/store_watch.h"

#include <algorithm>
#include <array>

#include "host/inquiry/store_listing.h"

namespace xic::daemon {
namespace {

/// Domains come and go (docs/misc/xenstore.txt); backends' directories are written by dom0 only,
/// at the end of each step that a device takes.
constexpr std::array<const char*, 3> kWatched = {"@introduceDomain", "@releaseDomain",
                                                 "/local/domain/0/backend"};
constexpr const char* kToken = "xen-iommud";
constexpr int kMostEvents = 4096;

}  // namespace

Expected<bool> StoreWatch::look() {
  const std::uint64_t began = clock_->uptime();
  if (problem_ && began < not_before_) return tl::unexpected(*problem_);
  problem_.reset();
  // Events are taken every time: the descriptor stays silent when the connection is gone, the
  // question does not.
  auto asked = take_events();
  const bool due = changed_ && began >= not_before_;
  if (asked && due) asked = list();
  if (asked && !due) return false;
  // xenstored is waited for: one that answers slowly, or not at all, is asked seldom.
  const std::uint64_t took = clock_->uptime() - began;
  not_before_ = began + std::max(asked ? kLeastNs : kRetryNs, took * kShare);
  if (asked) return true;
  changed_ = true;
  problem_ = asked.error();
  return tl::unexpected(*problem_);
}

Expected<void> StoreWatch::take_events() {
  for (; watched_ < kWatched.size(); ++watched_) {
    if (auto set = store_->watch(kWatched[watched_], kToken); !set) return set;
  }
  for (int i = 0; i < kMostEvents; ++i) {
    const auto event = store_->next_event();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    changed_ = true;
  }
  return {};
}

Expected<void> StoreWatch::list() {
  changed_ = false;
  const Deadline deadline(clock_, budget_);
  const auto listing = list_store(store_, deadline);
  if (!listing) return tl::unexpected(listing.error());
  const bool cut_short = !listing->complete && deadline.passed();
  // Half a listing tells less than a whole one of before.
  if (!cut_short || !whole_) {
    observer_->set_store_listing(listing->text);
    complete_ = listing->complete;
  }
  whole_ = whole_ || !cut_short;
  changed_ = cut_short;
  budget_ = cut_short ? std::min(budget_ * 2, kMostListingNs) : kListingNs;
  return {};
}

std::optional<std::uint64_t> StoreWatch::next_look() const {
  if (!changed_) return std::nullopt;
  return not_before_;
}

}  // namespace xic::daemon
