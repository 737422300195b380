// GrantRecorder over tracefs: an instance and kprobe events of our own.
#pragma once

#include <optional>
#include <vector>

#include "core/grant/trace_definition.h"
#include "host/ports.h"
#include "host/recorder/kernel_code.h"
#include "host/recorder/tracefs.h"

namespace xic {

class FlightRecorder final : public GrantRecorder {
 public:
  /// Neither is owned. `code`: where start() looks for the place at which the reference of every
  /// grant can be read; null, or where that place is not found: of each batch's first grant only.
  explicit FlightRecorder(Tracefs* tracefs, KernelCode* code = nullptr)
      : tracefs_(*tracefs), code_(code) {}

  Expected<void> start(const RecorderOptions& options) override;
  Expected<void> stop() override;
  Expected<RecorderState> state() override;
  Expected<std::string> read() override;
  std::uint64_t now() override;
  /// Whether the running one records the reference of every grant.
  [[nodiscard]] bool every_reference();

 private:
  [[nodiscard]] std::optional<TraceSites> find_sites();
  [[nodiscard]] Expected<bool> complete(const std::vector<TraceEventDefinition>& events,
                                        const RecorderOptions& options);
  [[nodiscard]] Expected<void> define_events(const std::vector<TraceEventDefinition>& events);
  [[nodiscard]] Expected<void> remove_events();
  [[nodiscard]] Expected<void> make_instance(const std::vector<TraceEventDefinition>& events,
                                             const RecorderOptions& options);
  [[nodiscard]] Expected<std::string> clock();

  Tracefs& tracefs_;
  KernelCode* code_;
  std::string clock_;  ///< Of the instance, once known.
};

}  // namespace xic
