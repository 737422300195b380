#include "cli/live.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "cli/pause.h"
#include "cli/running_host.h"

namespace xic::cli {
namespace {

/// The kernel's release is known anywhere; only what else there is tells of a host.
bool learned_anything(const HostRecord& record) {
  return !record.texts.empty() ||
         std::any_of(
             record.observations.begin(), record.observations.end(),
             [](const Observation& one) { return !std::holds_alternative<KernelAnswer>(one); });
}

std::string reasons(const HostRecord& record) {
  std::string text;
  for (const Attempt& attempt : record.tried) {
    if (!attempt.ok) text += (text.empty() ? "" : "; ") + attempt.error;
  }
  return text;
}

/// Its answer is one more of what the host told.
void probe(RunningHost* host, HostRecord* record, std::optional<Observer>* judged) {
  std::optional<Observer> own;
  std::optional<Observer>& known = judged != nullptr ? *judged : own;
  if (!known) {
    known.emplace();
    (void)observe(*record, InputMode::live, &*known);
  }
  ProbeResult result = host->probe(known->snapshot());
  known->set_probe(result);
  record->observations.emplace_back(std::move(result));
}

}  // namespace

Expected<HostRecord> record_host(const Options& options, InquiryOptions inquiry,
                                 std::optional<Observer>* judged) {
  auto host = running_host(options.sysroot);
  if (!host) return tl::unexpected(std::move(host.error()));
  inquiry.root = ::geteuid() == 0;
  inquiry.budget_ns = static_cast<std::uint64_t>(options.timeout) * kSecond;
  inquiry.hypervisor_log.insert(0, options.sysroot);
  if (options.probe) inquiry.dump = InquiryOptions::Dump::if_small;
  if (options.dump) inquiry.dump = InquiryOptions::Dump::always;
  SleepPause pause;
  const Ports ports = (*host)->ports();
  HostRecord record = inquire(ports, inquiry, &pause, judged);
  const auto role_known = [&] {
    return std::any_of(record.tried.begin(), record.tried.end(),
                       [](const Attempt& attempt) { return attempt.ok; });
  };
  if (!learned_anything(record) && !role_known()) {
    return tl::unexpected(Error{Error::Code::unavailable, 0,
                                "nothing on this host could be asked: " + reasons(record),
                                "run it in dom0, as root, or judge its logs with --log"});
  }
  if (options.probe) probe(host->get(), &record, judged);
  return record;
}

Expected<void> observe_host(const Options& options, InquiryOptions inquiry, Observer* observer) {
  std::optional<Observer> judged;
  const auto record = record_host(options, std::move(inquiry), &judged);
  if (!record) return tl::unexpected(record.error());
  if (judged) {
    *observer = *std::move(judged);
  } else {
    (void)observe(*record, InputMode::live, observer);
  }
  return {};
}

bool is_live(const Options& options) {
  return options.logs.empty() && options.capture.empty() && options.image.empty();
}

Expected<void> need_root_in_dom0(const Ports& ports) {
  const auto role = ports.system->role();
  if (role && *role != DomainRole::dom0) {
    const bool guest = *role == DomainRole::guest;
    return tl::unexpected(Error{Error::Code::unavailable, 0,
                                guest ? "this is a guest: the host's console and grants are dom0's "
                                        "to see"
                                      : "this kernel does not run on Xen",
                                "run it in dom0"});
  }
  if (::geteuid() != 0) {
    return tl::unexpected(Error{Error::Code::denied, 0,
                                "Xen's console and grants are for root to see", "run as root"});
  }
  return {};
}

}  // namespace xic::cli
