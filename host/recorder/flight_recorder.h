// GrantRecorder over tracefs: an instance and kprobe events of our own.
#pragma once

#include "host/ports.h"
#include "host/recorder/tracefs.h"

namespace xic {

class FlightRecorder final : public GrantRecorder {
 public:
  /// `tracefs` is not owned.
  explicit FlightRecorder(Tracefs* tracefs) : tracefs_(*tracefs) {}

  Expected<void> start(const RecorderOptions& options) override;
  Expected<void> stop() override;
  Expected<RecorderState> state() override;
  Expected<std::string> read() override;
  std::uint64_t now() override;

 private:
  [[nodiscard]] Expected<bool> complete(const RecorderOptions& options);
  [[nodiscard]] Expected<void> define_events();
  [[nodiscard]] Expected<void> remove_events();
  [[nodiscard]] Expected<void> make_instance(const RecorderOptions& options);
  [[nodiscard]] Expected<std::string> clock();

  Tracefs& tracefs_;
  std::string clock_;  ///< Of the instance, once known.
};

}  // namespace xic
