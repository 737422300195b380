// What the daemon does, but for waiting: bytes and events come from ports, events and files go to
// ports, time is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/diagnosis/diagnosis.h"
#include "core/observer.h"
#include "daemon/console_tap.h"
#include "daemon/event.h"
#include "daemon/fault_counters.h"
#include "daemon/fault_inbox.h"
#include "daemon/files.h"
#include "daemon/grant_dumper.h"
#include "daemon/history.h"
#include "daemon/outbox.h"
#include "daemon/probing.h"
#include "daemon/publisher.h"
#include "daemon/recording.h"
#include "daemon/settings.h"
#include "daemon/store_watch.h"
#include "daemon/storm_control.h"
#include "daemon/troubles.h"
#include "host/ports.h"
#include "report/daemon_status.h"

namespace xic::daemon {

/// Where everything goes that leaves the daemon. None is null; not owned.
struct Outputs {
  EventSink* journal;
  HistoryFiles* history;
  PublishedFiles* published;
  PublishedFiles* state;  ///< In the folder of `history`.
};

/// What only those have that were told to use it.
struct Powers {
  GrantRecorder* recorder = nullptr;  ///< Null: there is none. Not owned.
  RunProbe probe;                     ///< Empty: there is none.
};

/// Who watches what.
struct Identity {
  std::string version;  ///< Of this program.
  std::int64_t pid = 0;
  /// dom0's boot id. dom0 boots with Xen, so it is Xen's as well.
  std::string boot;
  /// Names the console, so that event ids of two consoles differ: the boot, for Xen's ring. Asked
  /// until it is known.
  std::function<Expected<std::string>()> epoch;
  std::string console_source;  ///< "sysctl" or "file:PATH".
};

class Watcher {
 public:
  Watcher(const Ports& ports, const Powers& powers, const Outputs& outputs, Identity identity,
          const Settings& settings);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Reads what there is and tells it. To be called when next_poll() has come, or when anything
  /// says that Xen may have printed.
  void poll();
  /// When to poll next, on the clock of HostClock::uptime().
  [[nodiscard]] std::uint64_t next_poll() const { return next_poll_; }
  /// The console has been read once.
  [[nodiscard]] bool ready() const { return ready_; }

  /// dom0's kernel has logged something. An error of a driver comes with a fault: the console is
  /// read at once.
  void on_kernel_log();
  /// Something has changed in xenstore.
  void on_store();

  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// Begins or ends the trouble `id`, by what `result` says; tells each once.
  void note(const std::string& id, const Expected<void>& result, const std::string& detail = "");

  /// New settings; `loaded.usable == false` keeps the old ones and says so.
  void reload(const LoadedSettings& loaded);
  /// Tells what waits, and that it stops.
  void stop();

  /// For `systemctl status`: "17 faults, 0 bytes lost, verdict affected (XIC-1001)".
  [[nodiscard]] std::string status_text() const;
  [[nodiscard]] DaemonStatus status() const;

 private:
  using Nanoseconds = std::uint64_t;

  // ---- the console ------------------------------------------------------------------------------
  [[nodiscard]] bool begin();
  void read_console();
  void on_console_error(const Error& error);
  void account(const ConsoleTap::Step& step);
  void note_loss(std::uint64_t bytes);
  /// True where there was any record.
  bool read_kernel_log();
  void look_at_store();
  // ---- faults -----------------------------------------------------------------------------------
  void take_faults();
  [[nodiscard]] std::vector<SeenFault> new_faults();
  /// A page that may be another domain's had no entry, and somebody will be told.
  [[nodiscard]] bool deserves_looking_into(const SeenFault& fault) const;
  /// How the dump went; nothing where none was taken.
  std::optional<DumpOutcome> dump_grants();
  void use_settings();
  void tell(SeenFault* fault);
  void count(const SeenFault& fault);
  void tell_summaries(const std::vector<FaultSummary>& summaries);
  void commit();
  // ---- conclusions ------------------------------------------------------------------------------
  void judge();
  void probe_if_due();
  void publish();
  void schedule();
  [[nodiscard]] std::int64_t wall_seconds() const;

  Ports ports_;
  Identity identity_;
  std::string epoch_;  ///< From begin() on.
  Settings settings_;
  Observer observer_;
  ConsoleTap tap_;
  Recording recording_;
  FaultInbox inbox_;
  StoreWatch store_;
  GrantDumper dumper_;
  Probing probing_;
  Outbox outbox_;
  History history_;
  StormControl storm_;
  Publisher publisher_;
  Troubles troubles_;
  DaemonStatus status_;
  Observer::InputId kernel_input_;
  Facts facts_;
  Diagnosis diagnosis_;
  std::vector<Attribution> kept_;  ///< As found at each group's fault; parallel to Facts::faults.
  std::optional<std::tuple<VerdictState, bool, bool>> told_verdict_;
  FaultCounters counters_;

  bool begun_ = false;
  bool ready_ = false;
  bool host_changed_ = true;        ///< The inbox does not know yet what the observer does.
  bool dirty_ = true;               ///< Something is known that was not judged yet.
  bool untold_in_history_ = false;  ///< The history says that more faults are untold than are.
  std::uint64_t resume_ = 0;        ///< Faults before it were recorded by an earlier run.
  unsigned quiet_polls_ = 0;        ///< Without a new byte.
  Nanoseconds read_at_ = 0;         ///< When the console gave something last.
  Nanoseconds next_poll_ = 0;
  Nanoseconds active_until_ = 0;
  Nanoseconds last_commit_ = 0;
  Nanoseconds next_retry_ = 0;  ///< Of writing the history.
  Nanoseconds next_judgement_ = 0;
};

}  // namespace xic::daemon
