// The pieces of a JSON report. Field order is the schema's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/report.h"

namespace xic::render {

using Json = nlohmann::ordered_json;

/// {clock, value}, or null where the line carried no time.
[[nodiscard]] Json time_json(Timestamp time);
[[nodiscard]] Json verdict_json(const Verdict& verdict);
[[nodiscard]] Json tool_json(const Report& report);
[[nodiscard]] Json input_json(const Facts& facts);
[[nodiscard]] Json hypervisor_json(const Facts& facts);
/// `finding` and `cause` may be absent (null pointers): Linux's own faults have only a cause.
[[nodiscard]] Json fault_json(const FaultGroup& fault, const FaultFinding* finding,
                              const CauseFinding* cause);
[[nodiscard]] Json cause_finding_json(const CauseFinding& cause);
[[nodiscard]] Json dom0_error_json(const Dom0Error& error);
[[nodiscard]] Json event_json(const HypervisorEvent& event, const CauseFinding* cause);
[[nodiscard]] Json limits_json(const std::vector<Limit>& limits);
/// The texts of one cause.
[[nodiscard]] Json entry_json(const Entry& cause);
/// xen-iommud about itself.
[[nodiscard]] Json daemon_json(const DaemonStatus& daemon);
[[nodiscard]] Json domain_json(DomId domain, const std::string& name);

/// schema, tool and generated_at: how every object begins.
[[nodiscard]] Json envelope(const Report& report);
/// Two blanks of indentation, pure ASCII, invalid UTF-8 replaced by U+FFFD; ends with LF.
[[nodiscard]] std::string dump(const Json& json);
/// The same on one line, without LF.
[[nodiscard]] std::string dump_line(const Json& json);

}  // namespace xic::render
