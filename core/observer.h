// Takes bytes and events, keeps bounded state, yields Facts. A log file, a capture, `watch` and the
// daemon all feed the same one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/console/merge.h"
#include "core/console/reader.h"
#include "core/diagnosis/facts.h"
#include "core/hypervisor/answers.h"
#include "core/memory/memory_map.h"

namespace xic {

/// Told of each fault of Xen's at the moment it is understood: before later bytes can change what
/// is known about its frame. Calls come from within Observer::feed(); the observer may be asked for
/// nothing but add_granted_now() and add_in_flight() meanwhile.
class FaultListener {
 public:
  virtual ~FaultListener() = default;
  /// `group`: index into Facts::faults; nothing where the table of groups is full. `first`: no
  /// fault of this identity was seen before. Views of `fault` are valid during the call only.
  virtual void on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) = 0;
};

class Observer {
 public:
  Observer();
  ~Observer();
  Observer(Observer&&) noexcept;
  Observer& operator=(Observer&&) noexcept;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  struct InputOptions {
    std::string name{};  ///< For Facts::sources.
    std::string recognised_as{};
    bool repair_pastes = true;      ///< See LineReader::Options.
    bool skip_xen_lines = false;    ///< Deliver only what others printed (see TextSlice).
    std::uint64_t base_offset = 0;  ///< Offset of the first byte within the named input.
  };
  /// Begins a text; what follows comes through feed() until end_input(). Texts of one host, in
  /// order.
  void begin_input(const InputOptions& options);
  void feed(std::string_view bytes);
  void end_input();

  /// Texts that grow side by side, as a live host's console and kernel log do: each is fed through
  /// the number that open_input() gave it.
  using InputId = Strong<struct InputTag, std::uint32_t>;
  [[nodiscard]] InputId open_input(const InputOptions& options);
  void feed(InputId input, std::string_view bytes);
  /// `bytes` of a text are missing here; see LineReader::skip(). 0: what came before its first
  /// byte.
  void skip(InputId input, std::uint64_t bytes);
  /// Offset of the first byte of an open input whose meaning is not settled yet: of the line under
  /// way, or of the first line of a fault whose second half is awaited. What lies before it was
  /// delivered; who reads the text again from there sees the rest exactly once.
  [[nodiscard]] std::uint64_t unsettled_from(InputId input) const;
  /// Delivers an unterminated last line and forgets the input.
  void close_input(InputId input);
  /// Nothing more is on its way: a fault whose second half has not come is taken as it is.
  void settle();
  /// The texts have ended: what is half-seen stays half-seen, a dump under way is a damaged one.
  void finish();

  /// What came so far is history: a fault from now on is none of the groups before, whose owners
  /// were frozen when they arrived. To be called once.
  void close_groups();

  /// Not owned; null for none.
  void set_listener(FaultListener* listener);
  /// `bytes` of the console were lost at this point.
  void note_lost_bytes(std::uint64_t bytes);

  /// Answers that a live host, or the record of one, gave.
  void set_mode(InputMode mode, bool root);
  void add_limit(Limit limit);
  void set_identity(const XenIdentity& identity);
  void set_physical_info(const PhysicalInfo& info, const std::string& source);
  void set_dom0_kernel(const std::string& release, const std::string& source);
  void set_sysctl_abi(std::uint32_t number, const std::string& source);
  void set_features(std::uint64_t words, const std::string& source);
  /// See MemoryParser.
  void set_boot_memory(std::span<const AddressRange> nodes);
  void set_xen_regions(std::span<const AddressRange> regions);
  /// A listing of xenstore, `path = "value"` a line, of this moment: it takes the place of all that
  /// was known from earlier ones. Read as a listing and nothing else, whatever its values hold.
  void set_store_listing(std::string_view listing);
  void set_probe(ProbeResult result);
  void add_granted_now(GrantedNow answer);
  /// What the flight recorder says of one fault of `group` (an index into Facts::faults). Sightings
  /// of a group's later faults are joined to it.
  void add_trace_sighting(std::size_t group, TraceSighting sighting);
  void add_in_flight(InFlight request);

  /// What is known so far. Attribution of each fault was frozen when it arrived.
  [[nodiscard]] Facts snapshot();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
