#include "host/inquiry/watcher.h"

#include <string>
#include <utility>

#include "host/inquiry/store_listing.h"

namespace xic {
namespace {

constexpr std::size_t kKernelRecordsPerLook = 4096;

}  // namespace

Watcher::Watcher(const Ports& ports, Observer* observer, RingCursor cursor)
    : ports_(ports),
      observer_(observer),
      console_(ports.console, cursor),
      witness_(ports.grants, ports.store, ports.clock, observer),
      console_input_(observer->open_input(
          {.name = "console ring", .recognised_as = "console text", .repair_pastes = false})),
      kernel_input_(observer->open_input(
          {.name = "kernel log", .recognised_as = "dom0 kernel log", .repair_pastes = false})),
      listed_(ports.clock->uptime()) {
  Facts known = observer->snapshot();
  witness_.set_host(std::move(known.memory), std::move(known.backends));
  witness_.then = [this](const Fault& fault, std::optional<std::size_t> group) {
    current_.faults.push_back(group);
    if (listener_ != nullptr) listener_->on_fault(fault, group);
  };
  observer->close_groups();
  observer->set_listener(&witness_);
}

Watcher::~Watcher() {
  observer_->set_listener(nullptr);
}

Expected<Look> Watcher::look() {
  current_ = {};
  read_kernel_log();
  std::size_t bytes = 0;
  while (bytes < kMostPerLook) {
    const auto chunk = read_console();
    if (!chunk) return tl::unexpected(chunk.error());
    if (!*chunk) break;
    if ((*chunk)->lost != 0) {
      current_.lost += (*chunk)->lost;
      observer_->note_lost_bytes((*chunk)->lost);
    }
    if ((*chunk)->restarted) current_.restarted = true;
    observer_->feed(console_input_, (*chunk)->bytes);
    bytes += (*chunk)->bytes.size();
  }
  // A fault of several lines is printed at once: what is half-seen when the ring is empty stays so.
  if (bytes == 0) observer_->settle();
  const std::uint64_t now = ports_.clock->uptime();
  if (!current_.faults.empty() && now - listed_ >= kListingAge) list_devices();
  if (listener_ != nullptr) listener_->looked();
  current_.next_ns = policy_.next(!current_.faults.empty());
  return std::exchange(current_, {});
}

void Watcher::list_devices() {
  const auto listing = list_store(ports_.store, Deadline(ports_.clock, kSecond));
  listed_ = ports_.clock->uptime();
  if (!listing) return;
  observer_->begin_input(
      {.name = "xenstore", .recognised_as = "xenstore listing", .repair_pastes = false});
  observer_->feed(listing->text);
  observer_->end_input();
  Facts known = observer_->snapshot();
  witness_.set_host(std::move(known.memory), std::move(known.backends));
}

Expected<std::optional<ConsoleChunk>> Watcher::read_console() {
  if (listener_ == nullptr) return console_.next();
  listener_->reading_begins();
  auto chunk = console_.next();
  listener_->reading_ended();
  return chunk;
}

void Watcher::read_kernel_log() {
  for (std::size_t i = 0; kernel_readable_ && i < kKernelRecordsPerLook; ++i) {
    auto record = ports_.kernel->next();
    kernel_readable_ = record.has_value();
    if (!record || !*record) return;
    observer_->feed(kernel_input_, **record + '\n');
  }
}

}  // namespace xic
