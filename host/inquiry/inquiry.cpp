#include "host/inquiry/inquiry.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/backend/guests.h"
#include "core/diagnosis/facts.h"
#include "host/inquiry/console_reader.h"
#include "host/inquiry/console_texts.h"
#include "host/inquiry/grant_dump.h"
#include "host/inquiry/grant_estimate.h"
#include "host/inquiry/grant_questions.h"
#include "host/inquiry/hypervisor_log.h"
#include "host/inquiry/store_listing.h"
#include "host/recorder/self_test.h"

namespace xic {
namespace {

constexpr std::size_t kMaxKernelLog = std::size_t{16} * 1024 * 1024;
/// Faults are asked about newest first; more frames than this tell nothing new.
constexpr std::size_t kMaxFaultFrames = 256;
constexpr std::size_t kMaxGrantFrames = 4096;
/// Of a dump, within the whole budget: it is printed while tables are locked, and then it is done.
constexpr std::uint64_t kDumpTime = 10 * kSecond;

class Inquiry {
 public:
  Inquiry(const Ports& ports, const InquiryOptions& options, Pause* pause)
      : ports_(ports),
        options_(options),
        pause_(pause),
        deadline_(ports.clock, options.budget_ns),
        console_(ports.console) {}

  HostRecord run() {
    record_.root = options_.root;
    record_.recorded_at = ports_.clock->wall() / 1'000'000'000;
    const DomainRole role = ask_role();
    ask_kernel_release();
    if (role != DomainRole::bare_metal) ask_identity();
    if (role == DomainRole::dom0) {
      ask_sysctls();
      read_console();
      list_devices();
    }
    read_kernel_log();
    read_memory();
    if (role == DomainRole::dom0 && options_.root) {
      const Facts seen = ask_about_grants();
      if (!seen.faults.empty()) read_recorder(seen);
    }
    record_.console_end = console_.cursor().position();
    return std::move(record_);
  }

  [[nodiscard]] std::optional<Observer> judged() { return std::move(judged_); }

 private:
  // ---- bookkeeping ------------------------------------------------------------------------------
  void succeeded(std::string what) { record_.tried.push_back({std::move(what), "", true, ""}); }

  void failed(std::string what, std::string limit, std::string why) {
    judged_.reset();
    record_.tried.push_back({std::move(what), std::move(limit), false, std::move(why)});
  }

  void failed(std::string what, std::string limit, const Error& error) {
    // Without root a refusal is the rule, and one limit says so for all.
    if (!options_.root && error.code == Error::Code::denied) limit = "not_root";
    std::string why = error.message;
    if (!error.hint.empty()) why += " (" + error.hint + ")";
    failed(std::move(what), std::move(limit), std::move(why));
  }

  /// True where there is time to ask for `what`; else it is noted as cut.
  bool in_time(const std::string& what) {
    if (!deadline_.passed()) return true;
    failed(what, "out_of_time",
           what + " was not asked for: the time given (" +
               std::to_string(options_.budget_ns / kSecond) + " s) was over");
    return false;
  }

  template <class Value>
  Value* noted(const std::string& what, const std::string& limit, Expected<Value>& answer) {
    if (answer) {
      succeeded(what);
      return &*answer;
    }
    failed(what, limit, answer.error());
    return nullptr;
  }

  // ---- the system and the hypervisor ------------------------------------------------------------
  DomainRole ask_role() {
    auto role = ports_.system->role();
    if (!role) {
      // All may still answer: go on as in dom0.
      failed("role of this system", "role_not_known", role.error());
      return DomainRole::dom0;
    }
    succeeded("role of this system");
    if (*role == DomainRole::bare_metal) {
      failed("Xen", "not_on_xen",
             "this kernel does not run on Xen; --log, --capture or --image "
             "judge another host");
    } else if (*role == DomainRole::guest) {
      failed("dom0", "not_dom0",
             "this is a guest: the console, xenstore and grants of the host are dom0's to see");
    }
    return *role;
  }

  void ask_kernel_release() {
    auto release = ports_.system->kernel_release();
    if (auto* text = noted("kernel release", "kernel_not_known", release)) {
      record_.observations.push_back(KernelAnswer{*text, "uname"});
    }
  }

  void ask_identity() {
    if (!in_time("identity of the hypervisor")) return;
    auto identity = ports_.hypervisor->identity();
    if (auto* found = noted("identity of the hypervisor", "hypervisor_not_asked", identity)) {
      record_.observations.push_back(*found);
    }
  }

  void ask_sysctls() {
    if (!in_time("sysctl interface")) return;
    auto interface = ports_.hypervisor->sysctl_interface();
    const auto* found = noted("sysctl interface", "sysctl_not_answered", interface);
    if (found == nullptr) return;
    const std::string way =
        found->through_libxenctrl ? " through libxenctrl" : " through libxencall";
    record_.observations.push_back(
        SysctlAnswer{found->number, !found->through_libxenctrl, "sysctl" + way});
    auto physical = ports_.hypervisor->physical_info();
    if (const auto* info = noted("physical properties", "sysctl_not_answered", physical)) {
      record_.observations.push_back(PhysicalAnswer{*info, "XEN_SYSCTL_physinfo" + way});
    }
  }

  // ---- texts ------------------------------------------------------------------------------------
  void read_console() {
    if (!in_time("console ring")) return;
    auto drained =
        drain(&console_, deadline_, [&](const ConsoleChunk& chunk) { texts_.add(chunk); });
    texts_.put_into(&record_);
    if (drained) {
      succeeded("console ring");
      // A storm fills it as fast as it is read.
      if (deadline_.passed()) (void)in_time("the rest of the console ring");
      return;
    }
    failed("console ring", "console_not_read", drained.error());
    if (!options_.hypervisor_log.empty() && texts_.empty()) read_hypervisor_log();
  }

  void read_hypervisor_log() {
    HypervisorLog log(options_.hypervisor_log);
    ConsoleReader reader(&log);
    ConsoleTexts texts("hypervisor.log");
    auto drained = drain(&reader, deadline_, [&](const ConsoleChunk& chunk) { texts.add(chunk); });
    if (drained) {
      texts.put_into(&record_);
      succeeded("hypervisor.log");
    } else if (drained.error().code != Error::Code::not_found) {
      failed("hypervisor.log", "console_not_read", drained.error());
    }
  }

  void list_devices() {
    if (!in_time("xenstore")) return;
    auto listing = list_store(ports_.store, deadline_,
                              options_.whole_store ? StoreScope::whole : StoreScope::judged);
    if (!listing) return failed("xenstore", "store_not_read", listing.error());
    if (listing->complete) {
      succeeded("xenstore");
    } else {
      failed("xenstore", "store_cut", "xenstore was read in part: " + listing->cut);
    }
    if (!listing->text.empty()) {
      record_.texts.push_back({"xenstore.txt", std::move(listing->text), TextKind::xenstore, true});
    }
  }

  void read_kernel_log() {
    if (!in_time("kernel log")) return;
    std::string text;
    while (text.size() < kMaxKernelLog && !deadline_.passed()) {
      auto record = ports_.kernel->next();
      if (!record) {
        failed("kernel log", "kernel_log_not_read", record.error());
        break;
      }
      if (!*record) {
        succeeded("kernel log");
        break;
      }
      text += **record;
      text += '\n';
    }
    if (!text.empty()) {
      record_.texts.push_back({"dom0-kernel.log", std::move(text), TextKind::kernel_log, true});
    }
  }

  void read_memory() {
    if (!in_time("memory map")) return;
    auto iomem = ports_.system->iomem();
    if (auto* text = noted("/proc/iomem", "iomem_not_read", iomem)) {
      record_.texts.push_back({"proc-iomem.txt", std::move(*text), TextKind::iomem, true});
    }
    auto memory = ports_.system->boot_memory();
    if (auto* nodes = noted("memory nodes of the device tree", "device_tree_not_read", memory);
        nodes != nullptr && *nodes) {
      record_.observations.push_back(BootMemory{**nodes});
    }
    auto regions = ports_.system->xen_regions();
    if (auto* found = noted("hypervisor node of the device tree", "device_tree_not_read", regions);
        found != nullptr && *found) {
      record_.observations.push_back(XenRegions{**found});
    }
  }

  // ---- grants -----------------------------------------------------------------------------------
  [[nodiscard]] Facts facts() {
    judged_.emplace();
    (void)observe(record_, InputMode::live, &*judged_);
    return judged_->snapshot();
  }

  /// What is known of the host, the dump included.
  Facts ask_about_grants() {
    Facts seen = facts();
    if (dump_wanted(seen)) {
      take_dump(seen);
      seen = facts();
    }
    ask_frames(seen);
    return seen;
  }

  [[nodiscard]] bool dump_wanted(const Facts& seen) const {
    if (options_.dump == InquiryOptions::Dump::never) return false;
    if (options_.dump != InquiryOptions::Dump::for_faults) return true;
    return std::any_of(seen.faults.begin(), seen.faults.end(), [&](const FaultGroup& fault) {
      if (!fault.iova || fault.boot != seen.last_boot) return false;
      const AddressClass klass = seen.memory.classify(*fault.iova).klass;
      return klass == AddressClass::foreign_ram || klass == AddressClass::unknown;
    });
  }

  void take_dump(const Facts& seen) {
    const std::string what = "dump of the grant tables";
    if (!in_time(what)) return;
    if (options_.dump != InquiryOptions::Dump::always) {
      const GrantEstimate estimate = estimate_grants(seen.backends, ports_.store, ports_.grants);
      if (!estimate.small()) return failed(what, "dump_not_taken", too_large(estimate));
    }
    const Deadline dump_deadline(ports_.clock, kDumpTime);
    auto outcome = dump_grants(
        ports_.grants, &console_, pause_, dump_deadline,
        [&](const ConsoleChunk& chunk) { texts_.add(chunk); }, ports_.recorder);
    texts_.put_into(&record_);
    if (!outcome) return failed(what, "dump_not_taken", outcome.error());
    if (outcome->complete()) {
      dump_printed_ = outcome->printed;
      return succeeded(what);
    }
    failed(what, "dump_truncated",
           outcome->lost != 0
               ? std::to_string(outcome->lost) +
                     " bytes of it were overwritten before they were read: raise "
                     "conring_size on Xen's command line"
               : "its end was not seen within " + std::to_string(kDumpTime / kSecond) + " s");
  }

  static std::string too_large(const GrantEstimate& estimate) {
    if (!estimate.known) {
      return "how long it would be is not known, for xenstore could not be listed; --dump takes it "
             "all the same";
    }
    return "it may have " + std::to_string(estimate.entries) +
           " lines, which keep grant tables "
           "locked for up to " +
           std::to_string(estimate.serial_ms()) +
           " ms on a serial console of 115200 baud; --dump takes it all the same";
  }

  void ask_frames(const Facts& seen) {
    GrantQuestions questions(ports_.grants, ports_.clock);
    std::size_t asked = 0;
    const auto ask = [&](Frame frame) {
      if (deadline_.passed()) return;
      if (auto answer = questions.ask(frame, seen.memory, false)) {
        record_.observations.push_back(*std::move(answer));
        judged_.reset();
        ++asked;
      }
    };
    for (std::size_t i = seen.faults.size(); i-- > 0 && asked < kMaxFaultFrames;) {
      const FaultGroup& fault = seen.faults[i];
      if (fault.iova && fault.boot == seen.last_boot) ask(frame_of(*fault.iova));
    }
    if (options_.ask_granted_frames && seen.latest_dump) {
      for (const Grant& grant : seen.latest_dump->grants) {
        if (asked >= kMaxGrantFrames) break;
        if (grant.grantee == kDom0 && grant.granter != kDom0) ask(grant.frame);
      }
    }
    if (questions.failed()) {
      failed("whether frames are granted now", "grants_not_asked", *questions.failed());
    } else if (asked != 0) {
      succeeded("whether frames are granted now");
    }
  }

  // ---- the flight recorder ----------------------------------------------------------------------
  /// What it holds, where somebody has it running: of faults it names the owners. Last of all: what
  /// is read now covers every fault that was read before.
  void read_recorder(const Facts& seen) {
    if (ports_.recorder == nullptr) return;
    const auto state = ports_.recorder->state();
    if (!state || !state->recording) return;
    const std::string what = "records of the flight recorder";
    if (!in_time(what)) return;
    const auto test = self_test(ports_.recorder, ports_.grants, guests(seen.backends));
    if (!test) return failed(what, "recorder_not_read", test.error());
    if (*test != SelfTest::passed) return;  // no guest, so no grant
    GrantRecords records;
    records.text = "grant-trace.txt";
    records.missed = state->missed;
    records.drift_ppm = state->drift_ppm;
    records.dump = timed_dump(seen);
    records.read_at_ns = ports_.recorder->now();
    auto text = ports_.recorder->read();
    if (!text) return failed(what, "recorder_not_read", text.error());
    judged_.reset();
    record_.texts.push_back({records.text, *std::move(text), TextKind::grant_trace, true});
    record_.observations.emplace_back(std::move(records));
    succeeded(what);
  }

  /// Its first and its last line were printed while the hypercall ran.
  [[nodiscard]] std::optional<TimedDump> timed_dump(const Facts& seen) const {
    if (!dump_printed_ || !seen.latest_dump || !seen.latest_dump->complete()) return std::nullopt;
    const Timestamp first = seen.latest_dump->begin_time;
    const Timestamp last = seen.latest_dump->end_time;
    if (first.clock != Clock::xen_boot || last.clock != Clock::xen_boot) return std::nullopt;
    return TimedDump{first.value, last.value, *dump_printed_};
  }

  const Ports& ports_;
  const InquiryOptions& options_;
  Pause* pause_;
  Deadline deadline_;
  ConsoleReader console_;
  ConsoleTexts texts_;
  HostRecord record_;
  std::optional<TimeSpan> dump_printed_;  ///< By the recorder's clock; of a complete dump of ours.
  std::optional<Observer> judged_;        ///< Was told all that is in `record_`, or nothing.
};

}  // namespace

HostRecord inquire(const Ports& ports, const InquiryOptions& options, Pause* pause,
                   std::optional<Observer>* judged) {
  Inquiry inquiry(ports, options, pause);
  HostRecord record = inquiry.run();
  if (judged != nullptr) *judged = inquiry.judged();
  return record;
}

}  // namespace xic
