// daemon{} of the state file: written by the daemon, read by `status` and by `check` without root.
#include "report/describe.h"
#include "report/json_parts.h"

namespace xic {
namespace render {
namespace {

Json moment(std::int64_t seconds) {
  return seconds == 0 ? Json(nullptr) : Json(rfc3339(seconds));
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

Json daemon_json(const DaemonStatus& daemon) {
  Json out;
  out["version"] = daemon.version;
  out["pid"] = daemon.pid;
  out["started_at"] = moment(daemon.started_at);
  const DaemonStatus::Console& console = daemon.console;
  out["console"] = {{"source", console.source},
                    {"epoch", console.epoch},
                    {"cursor", console.cursor},
                    {"read_bytes", console.read_bytes},
                    {"lost_bytes", console.lost_bytes},
                    {"gaps", console.gaps},
                    {"read_errors", console.read_errors},
                    {"abi_errors", console.abi_errors},
                    {"last_read_at", moment(console.last_read_at)}};
  const DaemonStatus::Faults& faults = daemon.faults;
  out["faults"] = {{"seen", faults.seen},
                   {"earlier", faults.earlier},
                   {"waiting", faults.waiting},
                   {"uncertain", faults.uncertain},
                   {"last_at", moment(faults.last_at)},
                   {"last_id", text_or_null(faults.last_id)}};
  out["history"] = {{"written", daemon.history.written}, {"dropped", daemon.history.dropped}};
  out["journal"] = {{"entries", daemon.journal.entries},
                    {"waiting", daemon.journal.waiting},
                    {"dropped", daemon.journal.dropped}};
  out["kernel_records_lost"] = daemon.kernel_records_lost;
  out["troubles"] = Json::array();
  for (const DaemonStatus::Trouble& trouble : daemon.troubles) {
    out["troubles"].push_back(
        {{"id", trouble.id}, {"since", moment(trouble.since)}, {"detail", trouble.detail}});
  }
  return out;
}

}  // namespace render
}  // namespace xic
