#include "daemon/watcher.h"

#include <algorithm>
#include <utility>

#include "core/backend/guests.h"
#include "daemon/event_texts.h"
#include "daemon/host_facts.h"
#include "report/describe.h"

namespace xic::daemon {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;

/// While faults arrive, and for so long after the last one.
constexpr std::uint64_t kFastPoll = 20 * kMillisecond;
constexpr std::uint64_t kActiveFor = 2 * kSecond;
/// Halves of one fault are printed by one interrupt; three polls later its second will not come.
constexpr unsigned kSettleAfterPolls = 3;
/// Reads in a row before the loop gets a turn: more than any ring holds.
constexpr int kMostReads = 64;
constexpr int kMostKernelRecords = 1024;
constexpr std::uint64_t kCheckpointEvery = 60 * kSecond;
constexpr std::uint64_t kRetryEvery = 5 * kSecond;
constexpr std::uint64_t kJudgeEvery = kSecond;

Error simple_error(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

}  // namespace

Watcher::Watcher(const Ports& ports, const Powers& powers, const Outputs& outputs,
                 Identity identity, const Settings& settings)
    : ports_(ports),
      identity_(std::move(identity)),
      settings_(settings),
      tap_(ports.console, &observer_),
      recording_(powers.recorder, ports.grants, ports.clock, &observer_),
      inbox_(ports, &observer_, &recording_),
      store_(ports.store, ports.clock, &observer_),
      dumper_(ports.grants, ports.store, ports.clock),
      probing_(StateFile(outputs.history, outputs.state, "probe.json"), ports.clock, powers.probe),
      outbox_(outputs.journal),
      history_(outputs.history, settings.history_size),
      storm_(settings.summary_interval),
      publisher_(outputs.published, ports.clock, identity_.version) {
  observer_.set_listener(&inbox_);
  observer_.set_mode(InputMode::live, true);
  use_settings();
  status_.version = identity_.version;
  status_.pid = identity_.pid;
  status_.started_at = wall_seconds();
  status_.console.source = identity_.console_source;
}

Watcher::~Watcher() = default;

std::int64_t Watcher::wall_seconds() const {
  return ports_.clock->wall() / static_cast<std::int64_t>(kSecond);
}

// ---- the round ---------------------------------------------------------------------------------

void Watcher::poll() {
  if (outbox_.waiting() != 0) outbox_.retry();
  if (begun_ || begin()) {
    look_at_store();
    read_console();
  }
  const std::uint64_t now = ports_.clock->uptime();
  tell_summaries(storm_.due(now));
  if (ready_) note("recorder", recording_.run());
  if (ready_ && (history_.waiting() ? now >= next_retry_
                                    : tap_.cursor() != history_.cursor() &&
                                          now - last_commit_ >= kCheckpointEvery)) {
    commit();
  }
  if (dirty_ && now >= next_judgement_) judge();
  probe_if_due();
  if (outbox_.problem()) {
    note("journal", tl::unexpected(*outbox_.problem()));
  } else if (troubles_.has("journal")) {
    note("journal", {}, std::to_string(outbox_.dropped()) + " entries were given up");
  }
  if (publisher_.due()) publish();
  schedule();
}

void Watcher::schedule() {
  const std::uint64_t now = ports_.clock->uptime();
  const auto idle =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(settings_.poll_interval).count());
  next_poll_ = now + (now < active_until_ ? kFastPoll : idle);
  if (const auto look = store_.next_look()) next_poll_ = std::min(next_poll_, std::max(*look, now));
}

// ---- the console -------------------------------------------------------------------------------

bool Watcher::begin() {
  const auto epoch = identity_.epoch();
  if (!epoch) {
    on_console_error(epoch.error());
    return false;
  }
  epoch_ = status_.console.epoch = *epoch;
  const auto recovered = history_.open(epoch_);
  const Recovered found = recovered.value_or(Recovered{});
  auto where = tap_.begin(found.cursor);
  if (!where) {
    on_console_error(where.error());
    return false;
  }
  begun_ = true;
  kernel_input_ = observer_.open_input({.name = "dom0's kernel log",
                                        .recognised_as = "kernel log",
                                        .repair_pastes = false,
                                        .skip_xen_lines = true});
  if (!recovered) note("history", tl::unexpected(recovered.error()));
  if (found.cursor && !where->goes_on) {
    note("history", tl::unexpected(simple_error("its cursor lies beyond the console's end; reading "
                                                "the whole console again")));
  }
  if (where->goes_on) resume_ = *found.cursor;
  status_.faults.earlier = found.faults;
  tell_host_facts(ports_, &observer_);
  if (auto answer = probing_.recall(identity_.boot)) observer_.set_probe(*std::move(answer));
  outbox_.send(started_event(identity_.version, where->goes_on ? resume_ : where->oldest, found));
  if (found.untold != 0) untold_in_history_ = true;
  if (where->lost != 0) note_loss(where->lost);
  return true;
}

void Watcher::read_console() {
  bool any = false;
  const std::uint64_t gaps = status_.console.gaps;
  for (int i = 0; i < kMostReads; ++i) {
    recording_.reading_begins();
    const auto chunk = tap_.reader()->next();
    recording_.reading_ended();
    read_at_ = ports_.clock->uptime();
    if (!chunk) {
      on_console_error(chunk.error());
      return;
    }
    if (!*chunk) break;
    account(tap_.take(**chunk));
    any = true;
    take_faults();
  }
  quiet_polls_ = any ? 0 : quiet_polls_ + 1;
  if (quiet_polls_ == kSettleAfterPolls) {
    observer_.settle();
    take_faults();
  }
  if (any) {
    dirty_ = true;
    // A second half may be on its way.
    active_until_ = std::max(active_until_, ports_.clock->uptime() + kSettleAfterPolls * kFastPoll);
  }
  if (status_.console.gaps != gaps) commit();
  status_.console.last_read_at = wall_seconds();
  status_.console.cursor = tap_.cursor();
  note("console", {});
  if (ready_) return;
  ready_ = true;
  (void)read_kernel_log();
  judge();
  inbox_.look_into_new_faults();
  commit();
}

void Watcher::account(const ConsoleTap::Step& step) {
  if (step.lost != 0) note_loss(step.lost);
  status_.console.read_bytes += step.bytes;
}

void Watcher::on_console_error(const Error& error) {
  ++status_.console.read_errors;
  if (error.code == Error::Code::abi_mismatch) ++status_.console.abi_errors;
  if (!troubles_.has("console") && error.code == Error::Code::abi_mismatch) {
    outbox_.send(abi_mismatch_event(error));
  }
  note("console", tl::unexpected(error));
}

void Watcher::note_loss(std::uint64_t bytes) {
  ++status_.console.gaps;
  status_.console.lost_bytes += bytes;
  history_.add_loss(tap_.cursor(), bytes, ports_.clock->wall());
  outbox_.send(lost_event(bytes, to_string(epoch_, {tap_.cursor(), 0})));
  dirty_ = true;
}

// ---- faults ------------------------------------------------------------------------------------

std::vector<SeenFault> Watcher::new_faults() {
  std::vector<SeenFault> faults = inbox_.take();
  std::erase_if(faults, [&](const SeenFault& fault) {
    return fault.id.offset < resume_ || history_.recorded(fault.id);
  });
  for (SeenFault& fault : faults) {
    fault.epoch = epoch_;
    fault.wall = ports_.clock->wall();
    fault.read_at = read_at_;
    fault.admitted = storm_.admit(identity_of(fault), fault.id, ports_.clock->uptime());
  }
  return faults;
}

void Watcher::take_faults() {
  std::vector<SeenFault> faults = new_faults();
  if (faults.empty()) return;
  active_until_ = ports_.clock->uptime() + kActiveFor;
  // Whoever is told deserves the explanation; storm control bounds how often that is.
  const bool any_told =
      std::any_of(faults.begin(), faults.end(), [](const auto& fault) { return fault.admitted; });
  note("recorder", recording_.testify(any_told));
  std::optional<DumpOutcome> dumped;
  if (any_told) {
    look_at_store();
    if (std::any_of(faults.begin(), faults.end(),
                    [this](const auto& fault) { return deserves_looking_into(fault); })) {
      recording_.note_fault();
      dumped = dump_grants();
      for (SeenFault& fault : new_faults()) faults.push_back(std::move(fault));
    }
    judge();
    if (dumped && dumped->complete() && facts_.latest_dump) {
      recording_.on_dump(*facts_.latest_dump, dumped->printed);
    }
  }
  for (SeenFault& fault : faults) tell(&fault);
  commit();
}

bool Watcher::deserves_looking_into(const SeenFault& fault) const {
  if (!ready_ || !fault.admitted || !fault.iova) return false;
  if (classify(fault.kind, fault.registers) != FaultClass::translation) return false;
  const AddressClass place = facts_.memory.classify(*fault.iova).klass;
  return place == AddressClass::foreign_ram || place == AddressClass::unknown;
}

void Watcher::use_settings() {
  dumper_.set_interval(settings_.grant_dump == GrantDumpMode::small
                           ? std::optional(settings_.grant_dump_interval)
                           : std::nullopt);
  recording_.set_mode(settings_.recorder);
  probing_.set_mode(settings_.probe);
}

std::optional<DumpOutcome> Watcher::dump_grants() {
  // Without all guests and devices its length cannot be told.
  if (!store_.complete()) return std::nullopt;
  auto dumped = dumper_.take(
      facts_.backends, tap_.reader(),
      [this](const ConsoleChunk& chunk) {
        read_at_ = ports_.clock->uptime();
        account(tap_.take(chunk));
      },
      recording_.stopwatch());
  note("grant_dump", dumped ? Expected<void>{} : tl::unexpected(dumped.error()));
  return dumped ? *dumped : std::nullopt;
}

void Watcher::look_at_store() {
  const auto looked = store_.look();
  if (!looked) {
    note("xenstore", tl::unexpected(looked.error()));
    return;
  }
  note("xenstore", {});
  if (!*looked) return;
  host_changed_ = true;
  // Whatever faults come next are looked into with what is known now.
  if (ready_) judge();
}

void Watcher::tell(SeenFault* fault) {
  if (fault->group && *fault->group < diagnosis_.faults.size()) {
    const FaultFinding& finding = diagnosis_.faults[*fault->group];
    fault->attribution = finding.attribution;
    fault->cause = finding.cause.id;
    fault->authentic = finding.authentic;
  }
  // The journal first: killed in between, the fault is told again and not forgotten.
  const bool told = fault->admitted && outbox_.send(fault_event(*fault));
  history_.add(*fault, told);
  count(*fault);
}

void Watcher::count(const SeenFault& fault) {
  ++status_.faults.seen;
  if (fault.uncertain_author) ++status_.faults.uncertain;
  status_.faults.last_at = fault.wall / static_cast<std::int64_t>(kSecond);
  status_.faults.last_id = to_string(fault.epoch, fault.id);
  counters_.count(fault);
}

void Watcher::tell_summaries(const std::vector<FaultSummary>& summaries) {
  for (const FaultSummary& summary : summaries) {
    outbox_.send(summary_event(summary, epoch_));
    untold_in_history_ = true;
  }
  // Only what the journal has taken is told.
  if (!untold_in_history_ || outbox_.waiting() != 0) return;
  untold_in_history_ = false;
  history_.add_told(storm_.waiting(), ports_.clock->wall());
  if (begun_) commit();
}

void Watcher::commit() {
  last_commit_ = ports_.clock->uptime();
  const auto written = history_.commit(tap_.cursor(), ports_.clock->wall());
  if (!written) next_retry_ = last_commit_ + kRetryEvery;
  note("history", written, render::counted(history_.dropped(), "fault") + " not recorded");
  inbox_.forget_before(tap_.cursor());
}

// ---- conclusions -------------------------------------------------------------------------------

void Watcher::judge() {
  dirty_ = false;
  next_judgement_ = ports_.clock->uptime() + kJudgeEvery;
  facts_ = observer_.snapshot();
  if (std::exchange(host_changed_, false)) {
    inbox_.set_host(facts_.memory, facts_.backends);
    recording_.set_guests(guests(facts_.backends));
  }
  diagnosis_ = diagnose(facts_, built_in_knowledge(), kept_);
  kept_.clear();
  for (const FaultFinding& finding : diagnosis_.faults) kept_.push_back(finding.attribution);
  publisher_.changed();
  if (!ready_) return;
  const Verdict& verdict = diagnosis_.verdict;
  const std::tuple now{verdict.state, verdict.observed, verdict.suspected};
  if (told_verdict_ == now) return;
  told_verdict_ = now;
  outbox_.send(verdict_event(verdict));
}

void Watcher::probe_if_due() {
  // It takes seconds, in which nobody reads the console.
  if (!ready_ || ports_.clock->uptime() < active_until_) return;
  if (probing_.due(facts_)) {
    if (auto result = probing_.make(facts_)) {
      if (result->answer != ProbeResult::Answer::not_possible) {
        outbox_.send(probed_event(*result));
      }
      observer_.set_probe(*std::move(result));
      judge();
    }
  }
  note("probe", probing_.problem());
}

void Watcher::publish() {
  note("state", publisher_.publish(facts_, diagnosis_, status()));
}

// ---- from outside ------------------------------------------------------------------------------

void Watcher::on_store() {
  if (!begun_) return;
  look_at_store();
  schedule();
}

void Watcher::on_kernel_log() {
  if (begun_ && read_kernel_log()) poll();
}

bool Watcher::read_kernel_log() {
  bool any = false;
  for (int i = 0; i < kMostKernelRecords; ++i) {
    auto record = ports_.kernel->next();
    if (!record) {
      note("kernel_log", tl::unexpected(record.error()));
      break;
    }
    note("kernel_log", {});
    if (!*record) break;
    observer_.feed(kernel_input_, **record + '\n');
    any = true;
  }
  dirty_ = dirty_ || any;
  status_.kernel_records_lost = ports_.kernel->lost();
  return any;
}

void Watcher::reload(const LoadedSettings& loaded) {
  if (!loaded.usable) {
    note("configuration",
         tl::unexpected(simple_error("the old settings are kept: " +
                                     (loaded.warnings.empty() ? "" : loaded.warnings.front()))));
    publisher_.changed();
    return;
  }
  note("configuration", {});
  settings_ = loaded.settings;
  storm_.set_interval(settings_.summary_interval);
  history_.set_size_limit(settings_.history_size);
  use_settings();
  schedule();
}

void Watcher::stop() {
  if (begun_) {
    read_console();
    observer_.settle();
    take_faults();
    tell_summaries(storm_.all(ports_.clock->uptime()));
  }
  note("recorder", recording_.stop());
  outbox_.send(stopped_event(status_.faults.seen));
  if (begun_) {
    untold_in_history_ = true;
    tell_summaries({});
    commit();
    judge();
  }
  publish();
}

void Watcher::note(const std::string& id, const Expected<void>& result, const std::string& detail) {
  if (!result) {
    if (!troubles_.begin(id, result.error(), wall_seconds())) return;
    outbox_.send(trouble_event(id, result.error()));
  } else {
    if (!troubles_.end(id)) return;
    outbox_.send(recovered_event(id, detail));
  }
  publisher_.changed();
}

std::string Watcher::status_text() const {
  if (!ready_) return "waiting for Xen's console";
  std::string text = render::counted(status_.faults.seen, "fault") + ", " +
                     render::counted(status_.console.lost_bytes, "byte") + " lost, verdict " +
                     std::string(to_string(diagnosis_.verdict.state)) + " (" +
                     diagnosis_.verdict.id + ')';
  for (const DaemonStatus::Trouble& trouble : troubles_.list()) text += ", trouble: " + trouble.id;
  return text;
}

DaemonStatus Watcher::status() const {
  DaemonStatus now = status_;
  now.faults.waiting = storm_.waiting();
  now.history = {history_.written(), history_.dropped()};
  now.journal = {outbox_.taken(), outbox_.waiting(), outbox_.dropped()};
  now.troubles = troubles_.list();
  now.counters = counters_.list();
  return now;
}

}  // namespace xic::daemon
