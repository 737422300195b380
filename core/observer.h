// Takes bytes and events, keeps bounded state, yields Facts. A log file, a capture, `watch` and the
// daemon all feed the same one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/console/merge.h"
#include "core/console/reader.h"
#include "core/diagnosis/facts.h"

namespace xic {

class Observer {
 public:
  Observer();
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  struct InputOptions {
    std::string name;  ///< For Facts::sources.
    std::string recognised_as;
    bool repair_pastes = true;      ///< See LineReader::Options.
    bool skip_xen_lines = false;    ///< Deliver only what others printed (see TextSlice).
    std::uint64_t base_offset = 0;  ///< Offset of the first byte within the named input.
  };
  /// Begins a text; what follows comes through feed() until end_input(). Texts of one host, in
  /// order.
  void begin_input(const InputOptions& options);
  void feed(std::string_view bytes);
  void end_input();
  /// `bytes` of the console were lost at this point.
  void note_lost_bytes(std::uint64_t bytes);

  /// Answers that a live host, or the record of one, gave.
  void set_mode(InputMode mode, bool root);
  void add_limit(Limit limit);
  void set_sysctl_abi(std::uint32_t number, std::string source);
  void set_features(std::uint64_t words, std::string source);
  void set_probe(ProbeResult result);
  void add_granted_now(GrantedNow answer);

  /// What is known so far. Attribution of each fault was frozen when it arrived.
  [[nodiscard]] Facts snapshot();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
