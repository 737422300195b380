#include "core/observer.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/backend/backend.h"
#include "core/fault/dom0_error_log.h"
#include "core/fault/event_log.h"
#include "core/fault/groups.h"
#include "core/fault/parser.h"
#include "core/grant/dump_history.h"
#include "core/grant/grant.h"
#include "core/grant/recorded_grant.h"
#include "core/hypervisor/hypervisor.h"
#include "core/memory/memory_map.h"

namespace xic {
namespace {

constexpr std::string_view kXenPrefix = "(XEN)";

PreparedLiterals all_literals() {
  std::vector<std::string_view> all;
  for (auto part :
       {FaultParser::literals(), GrantDumpParser::literals(), HypervisorParser::literals(),
        MemoryParser::literals(), StoreParser::literals()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return prepare_literals(all);
}

/// Answers of a live host, of each kind: it is asked as long as it is watched. Over it the oldest
/// give way, many at once, so that it is seldom done. What a recording holds its reader bounds.
constexpr std::size_t kMostLiveAnswers = 4096;
template <class Answer>
void make_room(InputMode mode, std::vector<Answer>* answers) {
  if (mode != InputMode::live || answers->size() < kMostLiveAnswers) return;
  answers->erase(answers->begin(),
                 answers->begin() + static_cast<std::ptrdiff_t>(kMostLiveAnswers / 4));
}

/// An image has printed nothing: what it would say of itself was found in the file.
void name_the_image(Hypervisor* xen) {
  const auto name = [](auto& fact) {
    if (fact) fact->source = "hypervisor image";
  };
  name(xen->version);
  name(xen->arch);
  name(xen->changeset_text);
  name(xen->build_id);
  name(xen->distribution);
  name(xen->compile_by);
  for (Sourced<Commit>& commit : xen->commits) commit.source = "hypervisor image";
}

}  // namespace

struct Observer::Impl final : LineSink, FaultSink, GrantDumpSink {
  Impl() : fault_parser(this), dump_parser(this) {}

  // ---- inputs -----------------------------------------------------------------------------------
  struct Input {
    InputOptions options;
    std::unique_ptr<LineReader> reader;  ///< Null once the input was closed.
    std::size_t source = 0;              ///< Index into Facts::sources.
  };

  InputId open(const InputOptions& options) {
    auto& sources = facts.sources;
    const bool continues = !sources.empty() && sources.back().name == options.name;
    if (!continues) sources.push_back({options.name, 0, options.recognised_as});
    Input input;
    input.options = options;
    input.source = sources.size() - 1;
    LineReader::Options reading;
    reading.repair_pastes = options.repair_pastes;
    reading.input = static_cast<std::uint32_t>(input.source);
    static const PreparedLiterals literals = all_literals();
    input.reader = std::make_unique<LineReader>(literals, this, reading);
    const auto free =
        std::find_if(inputs.begin(), inputs.end(), [](const Input& one) { return !one.reader; });
    const auto number = static_cast<std::uint32_t>(free - inputs.begin());
    if (free == inputs.end()) {
      inputs.push_back(std::move(input));
    } else {
      *free = std::move(input);
    }
    return InputId{number};
  }

  /// The input, made the one whose lines are read from here on; null where it is not open.
  Input* use(InputId number) {
    if (number.value() >= inputs.size() || !inputs[number.value()].reader) return nullptr;
    current = &inputs[number.value()];
    current->reader->read_every_line(dump_parser.under_way());
    return current;
  }

  // ---- lines ------------------------------------------------------------------------------------
  Consumed on_line(const Line& found, bool last_chance) override {
    Line line = found;
    line.offset += current->options.base_offset;
    if (line.speaker == Speaker::xen) {
      if (current->options.skip_xen_lines) return Consumed::yes;
      hypervisor.note_xen_seen();
    }
    settled = false;
    const Consumed fault = fault_parser.consume(line, last_chance);
    if (fault == Consumed::needs_more && !last_chance) return Consumed::needs_more;
    // A cut fault is delivered and yet "no" where the line joined to it was none of its own: the
    // reader then reads that line by itself.
    if (settled) return fault;
    const Consumed entry = dump_parser.consume(line);
    current->reader->read_every_line(dump_parser.under_way());
    if (entry == Consumed::yes) return Consumed::yes;
    // What is left is rare. A line may tell several things: "smmu: ...: d0: p2maddr" is an
    // assignment and says that the IOMMU is on.
    const Consumed identity = hypervisor.consume(line, last_chance);
    if (identity == Consumed::needs_more && !last_chance) return Consumed::needs_more;
    if (hypervisor.take_new_boot()) start_new_boot();
    const Consumed ranges = memory.consume(line);
    const Consumed keys = store->consume(line);
    const bool any = identity != Consumed::no || ranges != Consumed::no || keys != Consumed::no;
    return any ? Consumed::yes : Consumed::no;
  }

  /// What an earlier boot left in memory says nothing about this one.
  void start_new_boot() {
    dump_parser.finish();
    ++boot;
    memory.reset();
    dumps.forget();
  }

  // ---- faults -----------------------------------------------------------------------------------
  void on_fault(const Fault& fault) override {
    settled = true;
    if (fault.origin == FaultOrigin::linux_kernel) {
      bool is_new = false;
      foreign.add(fault, boot, &is_new);
      return;
    }
    bool is_new = false;
    const auto index = faults.add(fault, boot, &is_new);
    if (index) add_to_group(*index, fault, is_new);
    if (listener != nullptr) listener->on_fault(fault, index, is_new);
  }

  void add_to_group(std::size_t index, const Fault& fault, bool is_new) {
    FaultGroup& group = faults.at(index);
    const GrantSighting after = std::exchange(group.after, {});
    if (fault.iova) {
      const GrantSighting now = dumps.look_up(frame_of(*fault.iova));
      // Where no dump stood before the first member, the one behind it is the earliest there is.
      const GrantSighting& earlier = group.before.asked ? group.before : after;
      if (is_new) {
        group.before = now;
      } else if (earlier.asked && now.asked && (now.found || earlier.found) &&
                 !same_grant(earlier, now)) {
        group.sightings_differ = true;
      }
    }
    dom0_errors.on_fault(index, &group);
  }

  void on_event(const SeenEvent& event) override {
    settled = event.kind == HypervisorEvent::Kind::guest_abort;
    events.add(event, boot);
  }

  void on_dom0_error(const Dom0Error& error) override { dom0_errors.add(error, boot, &faults); }

  // ---- grants -----------------------------------------------------------------------------------
  void on_grant_dump(GrantDump&& dump) override {
    dump.boot = boot;
    if (!dumps.add(std::move(dump))) return;
    for (std::size_t i = 0; i < faults.groups().size(); ++i) {
      FaultGroup& group = faults.at(i);
      if (group.boot != boot || group.after.asked || !group.iova) continue;
      group.after = dumps.look_up(frame_of(*group.iova));
    }
  }

  std::vector<Input> inputs;
  Input* current = nullptr;     ///< Whose bytes are being read.
  std::optional<InputId> text;  ///< Of begin_input().
  FaultListener* listener = nullptr;
  bool xen_prefix_seen = false;
  FaultParser fault_parser;
  GrantDumpParser dump_parser;
  HypervisorParser hypervisor;
  MemoryParser memory;
  std::unique_ptr<StoreParser> store = std::make_unique<StoreParser>();
  FaultGroups faults;
  FaultGroups foreign;
  DumpHistory dumps;
  Dom0ErrorLog dom0_errors;
  EventLog events;
  std::uint64_t cut_lines = 0;
  std::uint32_t boot = 0;
  bool settled = false;  ///< The line at hand said one thing, and that was understood.
  Facts facts;           // What callers state directly; the rest is filled in by snapshot().
};

Observer::Observer() : impl_(std::make_unique<Impl>()) {}
Observer::~Observer() = default;
Observer::Observer(Observer&&) noexcept = default;
Observer& Observer::operator=(Observer&&) noexcept = default;

void Observer::begin_input(const InputOptions& options) {
  end_input();
  impl_->text = impl_->open(options);
}

void Observer::feed(std::string_view bytes) {
  if (impl_->text) feed(*impl_->text, bytes);
}

void Observer::end_input() {
  if (impl_->text) close_input(*impl_->text);
  impl_->text.reset();
}

Observer::InputId Observer::open_input(const InputOptions& options) {
  return impl_->open(options);
}

void Observer::feed(InputId number, std::string_view bytes) {
  Impl::Input* input = impl_->use(number);
  if (input == nullptr) return;
  // Any "(XEN)" is a trace of Xen, also on lines that no parser asks for.
  if (!impl_->xen_prefix_seen && bytes.find(kXenPrefix) != std::string_view::npos) {
    impl_->xen_prefix_seen = true;
    impl_->hypervisor.note_xen_seen();
  }
  impl_->facts.sources[input->source].bytes += bytes.size();
  input->reader->feed(bytes);
}

void Observer::skip(InputId number, std::uint64_t bytes) {
  if (Impl::Input* input = impl_->use(number)) input->reader->skip(bytes);
}

std::uint64_t Observer::unsettled_from(InputId number) const {
  const Impl::Input& input = impl_->inputs.at(number.value());
  const std::uint64_t line = input.options.base_offset + input.reader->line_start();
  const auto pending =
      impl_->fault_parser.earliest_pending(static_cast<std::uint32_t>(input.source));
  return pending ? std::min(*pending, line) : line;
}

void Observer::close_input(InputId number) {
  Impl::Input* input = impl_->use(number);
  if (input == nullptr) return;
  input->reader->finish();
  impl_->cut_lines += input->reader->counters().cut_lines;
  input->reader.reset();
}

void Observer::settle() {
  impl_->fault_parser.finish();
}

void Observer::finish() {
  impl_->fault_parser.finish();
  impl_->dump_parser.finish();
}

void Observer::close_groups() {
  impl_->faults.close_all();
}

void Observer::set_listener(FaultListener* listener) {
  impl_->listener = listener;
}

void Observer::note_lost_bytes(std::uint64_t bytes) {
  impl_->facts.lost_console_bytes += bytes;
  impl_->dump_parser.note_gap();
}

void Observer::set_mode(InputMode mode, bool root) {
  impl_->facts.mode = mode;
  impl_->facts.root = root;
}
void Observer::add_limit(Limit limit) {
  impl_->facts.limits.push_back(std::move(limit));
}
void Observer::set_identity(const XenIdentity& identity) {
  impl_->hypervisor.set_identity(identity);
}
void Observer::set_physical_info(const PhysicalInfo& info, const std::string& source) {
  impl_->hypervisor.set_physical_info(info, source);
}
void Observer::set_dom0_kernel(const std::string& release, const std::string& source) {
  impl_->hypervisor.set_dom0_kernel(release, source);
}
void Observer::set_sysctl_abi(std::uint32_t number, const std::string& source) {
  impl_->hypervisor.set_sysctl_abi(number, source);
}
void Observer::set_features(std::uint64_t words, const std::string& source) {
  impl_->hypervisor.set_features(words, source);
}
void Observer::set_boot_memory(std::span<const AddressRange> nodes) {
  impl_->memory.set_boot_memory(nodes);
}
void Observer::set_xen_regions(std::span<const AddressRange> regions) {
  impl_->memory.set_xen_regions(regions);
}
void Observer::set_store_listing(std::string_view listing) {
  auto fresh = std::make_unique<StoreParser>();
  while (!listing.empty()) {
    const std::size_t end = std::min(listing.find('\n'), listing.size());
    Line line;
    line.raw = listing.substr(0, end);
    (void)fresh->consume(line);
    listing.remove_prefix(std::min(end + 1, listing.size()));
  }
  impl_->store = std::move(fresh);
}
void Observer::set_probe(ProbeResult result) {
  impl_->facts.probe = std::move(result);
}
void Observer::add_granted_now(GrantedNow answer) {
  Facts& facts = impl_->facts;
  // The same about a frame is kept once, as the latest.
  if (facts.mode == InputMode::live) {
    std::erase_if(facts.granted_now, [&](const GrantedNow& known) {
      return known.frame == answer.frame && known.answer == answer.answer &&
             known.at_fault == answer.at_fault;
    });
  }
  make_room(facts.mode, &facts.granted_now);
  facts.granted_now.push_back(std::move(answer));
}

void Observer::add_in_flight(InFlight request) {
  make_room(impl_->facts.mode, &impl_->facts.in_flight);
  impl_->facts.in_flight.push_back(std::move(request));
}
void Observer::add_trace_sighting(std::size_t group, TraceSighting sighting) {
  if (group >= impl_->faults.groups().size()) return;
  join_sighting(std::move(sighting), &impl_->faults.at(group).recorded);
}

Facts Observer::snapshot() {
  // A recording has ended: what is half-seen stays half-seen. A live text goes on.
  if (impl_->facts.mode != InputMode::live) finish();
  Facts facts = impl_->facts;
  facts.hypervisor = impl_->hypervisor.snapshot();
  if (facts.mode == InputMode::image) name_the_image(&facts.hypervisor);
  facts.memory = impl_->memory.map();
  facts.backends = impl_->store->snapshot();
  facts.latest_dump = impl_->dumps.latest();
  facts.complete_dumps = impl_->dumps.complete_count();
  facts.damaged_dumps = impl_->dumps.damaged_count();
  facts.last_boot = impl_->boot;
  facts.faults = impl_->faults.groups();
  facts.foreign_faults = impl_->foreign.groups();
  facts.events = impl_->events.events();
  facts.damaged_fault_lines = impl_->fault_parser.damaged_lines();
  if (facts.hypervisor.dom0_kernel) facts.dom0_kernel = facts.hypervisor.dom0_kernel->value;
  facts.dom0_errors = impl_->dom0_errors.joined(facts.hypervisor.dom0_started, &facts.faults);

  const std::uint64_t overflow = impl_->faults.overflow() + impl_->foreign.overflow();
  if (overflow != 0) {
    facts.limits.push_back({"groups_overflow", "more different faults than are kept apart",
                            std::to_string(overflow) + " faults are in no group (the first " +
                                std::to_string(FaultGroups::kMaxGroups) + " identities are kept)"});
  }
  if (const std::uint64_t dropped = impl_->events.dropped() + impl_->dom0_errors.dropped();
      dropped != 0) {
    facts.limits.push_back({"events_overflow", "more different messages than are kept",
                            std::to_string(dropped) + " were counted and dropped"});
  }
  std::uint64_t cut_lines = impl_->cut_lines;
  for (const Impl::Input& input : impl_->inputs) {
    if (input.reader) cut_lines += input.reader->counters().cut_lines;
  }
  if (cut_lines != 0) {
    facts.limits.push_back(
        {"lines_cut", "overlong lines were cut",
         std::to_string(cut_lines) + " lines over " + std::to_string(kMaxLineBytes) + " bytes"});
  }
  return facts;
}

}  // namespace xic
