// The flight recorder for as long as somebody watches.
#pragma once

#include <functional>
#include <string>

#include "host/look_listener.h"
#include "host/recorder/recorder_witness.h"

namespace xic {

enum class RecorderMode : std::uint8_t {
  off,                ///< One that runs already is read all the same.
  after_first_fault,  ///< Costs nothing before there is something to explain.
  always,
};

/// How it is used, and what else it may do.
struct RecorderPlan {
  RecorderMode mode = RecorderMode::after_first_fault;
  /// May a 'g' dump be taken, once, when recording begins? The moments at which Xen prints it
  /// relate its clock to the recorder's better than any fault does. Empty: no.
  std::function<bool()> may_dump;
  /// Told, once, why nothing is recorded.
  std::function<void(const Error&)> complain;
};

/// Starts it when it is time to, tries it before it believes it, has it testify on each fault, and
/// stops it at its own end if it was the one to start it.
class RecorderSession final : public LookListener {
 public:
  /// All must outlive it.
  RecorderSession(GrantRecorder* recorder, GrantTables* grants, Observer* observer,
                  RecorderPlan plan);
  ~RecorderSession() override;
  RecorderSession(const RecorderSession&) = delete;
  RecorderSession& operator=(const RecorderSession&) = delete;

  void reading_begins() override { witness_.reading_begins(); }
  void reading_ended() override { witness_.reading_ended(); }
  void on_fault(const Fault& fault, std::optional<std::size_t> group) override;
  void looked() override;

 private:
  void start();
  [[nodiscard]] bool tried();
  void give_up(const Error& error);
  void relate_clocks();
  void use_dump();

  GrantRecorder* recorder_;
  GrantTables* grants_;
  Observer* observer_;
  RecorderPlan plan_;
  RecorderWitness witness_;
  bool wanted_ = false;           ///< A fault has come that nothing was recorded of.
  bool started_ = false;          ///< By us.
  bool tried_ = false;            ///< The self-test was passed.
  std::optional<TimeSpan> dump_;  ///< When Xen printed one that has not been read yet.
  std::uint32_t dumps_before_ = 0;
};

}  // namespace xic
