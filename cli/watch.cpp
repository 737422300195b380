#include "report/watch.h"

#include <memory>
#include <string>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/pause.h"
#include "cli/running_host.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "host/inquiry/grant_dump.h"
#include "host/inquiry/grant_estimate.h"
#include "host/inquiry/hypervisor_log.h"
#include "host/inquiry/watcher.h"
#include "host/recorder/recorder_session.h"

namespace xic::cli {
namespace {

WatchFeed::Now now_of(HostClock* clock) {
  return {clock->wall(), clock->uptime()};
}

/// Lines for what one look brought.
std::string told(const Look& look, Observer* observer, WatchFeed* feed, WatchFeed::Now now) {
  std::string text;
  if (look.lost != 0) text += feed->lost(look.lost, now);
  if (look.restarted) text += feed->restarted(now);
  if (look.faults.empty() && !feed->pending()) return text;
  const Session session(observer->snapshot());
  for (const std::optional<std::size_t>& group : look.faults) {
    if (!group) {
      feed->unkept(1);
    } else if (feed->knows(*group)) {
      feed->folded(*group, 1);
    } else {
      text += feed->fault(session.report(), *group, now);
    }
  }
  return text + feed->due(session.report(), now, false);
}

RecorderMode mode_of(Record record) {
  switch (record) {
    case Record::always:
      return RecorderMode::always;
    case Record::after_first_fault:
      return RecorderMode::after_first_fault;
    case Record::off:
      break;
  }
  return RecorderMode::off;
}

struct Watching {
  HostClock* clock;
  Observer* observer;
  Watcher* watcher;
  WatchFeed* feed;
  SignalPause* pause;
  ConsoleEvent* event;  ///< Null where the timer alone wakes.
};

Expected<void> run(const Watching& at) {
  bool complained = false;
  for (;;) {
    std::uint64_t next = kSecond;
    if (auto look = at.watcher->look()) {
      complained = false;
      next = look->next_ns;
      const auto reader = write_stream(told(*look, at.observer, at.feed, now_of(at.clock)));
      if (!reader) return tl::unexpected(reader.error());
      if (*reader == Reader::gone) return {};
    } else {
      if (!complained) complain(look.error().message);
      complained = true;
    }
    if (!at.pause->wait(next)) return {};
    if (at.event != nullptr) {
      if (auto taken = at.event->acknowledge(); !taken) return taken;
    }
  }
}

/// Where to go on: in the ring, or, where it cannot be read, at the end of xenconsoled's copy.
Expected<RingCursor> console_to_follow(const HostRecord& record, HypervisorLog* log, Ports* ports) {
  if (record.console_end) return RingCursor(*record.console_end);
  const auto ring = ports->console->oldest();
  if (ring) return RingCursor();
  ConsoleReader reader(log);
  const Deadline deadline(ports->clock, 10 * kSecond);
  if (!drain(&reader, deadline, [](const ConsoleChunk&) {})) return tl::unexpected(ring.error());
  complain("following xenconsoled's copy of the console: " + ring.error().message);
  ports->console = log;
  return reader.cursor();
}

}  // namespace

Expected<int> watch(const Options& options) {
  auto pause = SignalPause::make();
  if (!pause) return tl::unexpected(std::move(pause.error()));
  auto host = running_host(options.sysroot);
  if (!host) return tl::unexpected(std::move(host.error()));
  Ports ports = (*host)->ports();
  if (auto able = need_root_in_dom0(ports); !able) return tl::unexpected(std::move(able.error()));
  std::unique_ptr<ConsoleEvent> event;
  if (options.wakeup == Wakeup::virq) {
    auto bound = (*host)->console_event();
    if (!bound) {
      Error& error = bound.error();
      // A device that is missing, no input that is.
      if (error.code == Error::Code::not_found) error.code = Error::Code::unavailable;
      return tl::unexpected(std::move(error));
    }
    event = *std::move(bound);
    pause->also(event->fd());
  }
  InquiryOptions inquiry;
  inquiry.root = true;
  inquiry.dump = options.dump ? InquiryOptions::Dump::always : InquiryOptions::Dump::never;
  inquiry.budget_ns = static_cast<std::uint64_t>(options.timeout) * kSecond;
  Observer observer;
  // What the host has told so far is context; only what comes from now on is told.
  const HostRecord record = inquire(ports, inquiry, &*pause);
  (void)observe(record, InputMode::live, &observer);
  HypervisorLog log(options.sysroot + InquiryOptions().hypervisor_log);
  auto cursor = console_to_follow(record, &log, &ports);
  if (!cursor) return tl::unexpected(std::move(cursor.error()));
  Watcher watcher(ports, &observer, *cursor);
  RecorderPlan plan;
  plan.mode = mode_of(options.record);
  plan.may_dump = [&] {
    return options.dump ||
           estimate_grants(observer.snapshot().backends, ports.store, ports.grants).small();
  };
  plan.complain = [](const Error& error) { complain("grants are not recorded: " + error.message); };
  RecorderSession recording((*host)->recorder(), ports.grants, &observer, std::move(plan));
  watcher.set_listener(&recording);
  WatchFeed feed(options.format == Format::json);
  auto ran = run({ports.clock, &observer, &watcher, &feed, &*pause, event.get()});
  if (!ran) return tl::unexpected(std::move(ran.error()));
  const Session last(observer.snapshot());
  const auto written = write_stream(feed.due(last.report(), now_of(ports.clock), true));
  if (!written) return tl::unexpected(written.error());
  return kExitOk;
}

}  // namespace xic::cli
