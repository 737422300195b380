// Asking the host this program runs on.
#pragma once

#include <optional>

#include "cli/options.h"
#include "core/observer.h"
#include "host/inquiry/inquiry.h"

namespace xic::cli {

/// What the running host tells, with the probe's answer where that was asked for.
/// Error::Code::unavailable where nothing at all could be asked. `judged`: see inquire().
[[nodiscard]] Expected<HostRecord> record_host(const Options& options, InquiryOptions inquiry,
                                               std::optional<Observer>* judged = nullptr);

/// The same, fed to `observer`.
[[nodiscard]] Expected<void> observe_host(const Options& options, InquiryOptions inquiry,
                                          Observer* observer);

/// True where options name no log, capture or image.
[[nodiscard]] bool is_live(const Options& options);

/// For verbs that are about dom0's console and grants: why they cannot be had here, if so.
[[nodiscard]] Expected<void> need_root_in_dom0(const Ports& ports);

}  // namespace xic::cli
