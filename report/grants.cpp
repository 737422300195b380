// `grants`: who has granted what to whom, and what each grant is for.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "report/describe.h"
#include "report/json_parts.h"
#include "report/layout.h"
#include "report/names.h"
#include "report/utf8.h"

namespace xic {
namespace {

using render::Json;

// public/grant_table.h: GNTTAB_RESERVED_CONSOLE and GNTTAB_RESERVED_XENSTORE.
constexpr std::uint32_t kReservedConsole = 0;
constexpr std::uint32_t kReservedXenstore = 1;

struct Purpose {
  const Backend* device = nullptr;  ///< nullptr for a reserved page, a data grant, or unknown.
  std::string_view role;            ///< For people.
  std::string_view token;           ///< For machines; "" for a data grant or unknown.
};

// (granter, grantee, ref) -> ring, and frame -> answer: built once, a dump may hold a million
// grants.
class Context {
 public:
  explicit Context(const Facts& facts) : facts_(facts) {
    for (const Backend& device : facts.backends.devices) {
      for (const RingRef& ring : device.rings) {
        rings_.try_emplace(key(device.frontend_domain, device.backend_domain, ring.ref), &device,
                           ring.role);
      }
    }
    for (const GrantedNow& answer : facts.granted_now) {
      answers_.insert_or_assign(answer.frame.value(), answer.answer);
    }
  }

  [[nodiscard]] Purpose purpose(const Grant& grant) const {
    if (grant.ref.value() == kReservedConsole) {
      return {nullptr, render::words(RingRole::console), render::token(RingRole::console)};
    }
    if (grant.ref.value() == kReservedXenstore) {
      return {nullptr, render::words(RingRole::xenstore), render::token(RingRole::xenstore)};
    }
    const auto it = rings_.find(key(grant.granter, grant.grantee, grant.ref));
    if (it == rings_.end()) return {};
    return {it->second.first, render::words(it->second.second), render::token(it->second.second)};
  }

  /// What the hypervisor answered about the frame, if it was asked.
  [[nodiscard]] std::string_view state(Frame frame) const {
    const auto it = answers_.find(frame.value());
    if (it == answers_.end()) return "not_asked";
    return it->second == GrantedNow::Answer::granted_or_own ? "mapped_now" : "not_mapped_now";
  }
  [[nodiscard]] bool asked() const { return !answers_.empty(); }

  [[nodiscard]] std::string name(DomId domain) const {
    const auto it = facts_.backends.domain_names.find(domain);
    return it == facts_.backends.domain_names.end() ? std::string() : it->second;
  }

 private:
  // A ring is mapped by the domain that serves it; the same ref mapped by another is something
  // else.
  static std::uint64_t key(DomId frontend, DomId backend, GrantRef ref) {
    return std::uint64_t{frontend.value()} << 48 | std::uint64_t{backend.value()} << 32 |
           ref.value();
  }

  const Facts& facts_;
  std::unordered_map<std::uint64_t, std::pair<const Backend*, RingRole>> rings_;
  std::unordered_map<std::uint64_t, GrantedNow::Answer> answers_;
};

std::string purpose_words(const Purpose& purpose) {
  if (purpose.role.empty()) return "data, or a ring not in xenstore";
  if (purpose.device == nullptr) return std::string(purpose.role);
  return render::outside(purpose.device->name(), 24) + " " + std::string(purpose.role);
}

constexpr std::size_t kColumns = 8;
using Row = std::array<std::string, kColumns>;

void append_row(const Row& row, const std::array<std::size_t, kColumns>& widths, std::string* out) {
  std::string line = "  ";
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (widths[i] > 0) line += render::pad(row[i], widths[i] + 2);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  *out += line;
  *out += '\n';
}

std::string dump_title(const Facts& facts) {
  const GrantDump& dump = *facts.latest_dump;
  std::string title = render::counted(dump.grants.size(), "active grant");
  title += dump.complete() ? " in the latest complete dump" : " in a damaged dump";
  const std::string when = render::time_words(dump.begin_time);
  if (!when.empty()) title += ", " + when;
  if (!dump.complete()) title += "; grants that are not in it may exist";
  return title;
}

std::string no_dump_words(const Report& report) {
  if (report.facts->mode != InputMode::live) {
    return "No grant dump in the input. On the host, as root: `xl debug-keys g`, then `xl dmesg`.";
  }
  std::string text = "The grant tables were not dumped";
  for (const Limit& limit : report.diagnosis->limits) {
    if (limit.id == "dump_not_taken") text += ": " + render::outside(limit.detail, 400);
  }
  return text + '.';
}

Row row_of(const Grant& grant, const Context& context) {
  return {render::domain_words(grant.granter, context.name(grant.granter)),
          render::hex(grant.ref.value()),
          render::hex(grant.frame.value()),
          grant.writable() ? "read-write" : "read-only",
          fmt::format("{:#010x}", grant.pin),
          fmt::format("d{}", grant.grantee.value()),
          context.asked() ? render::spaced(context.state(grant.frame)) : "",
          purpose_words(context.purpose(grant))};
}

// Each column is as wide as its widest cell. Rows are made twice rather than kept: a dump may hold
// a million grants.
void append_grants(const Facts& facts, const Context& context, std::string* out) {
  const Row head{
      "granter", "ref", "frame", "rights", "pin", "mapped by", context.asked() ? "now" : "", "for"};
  std::array<std::size_t, kColumns> widths{};
  const auto measure = [&](const Row& row) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], render::display_width(row[i]));
    }
  };
  measure(head);
  for (const Grant& grant : facts.latest_dump->grants) measure(row_of(grant, context));
  append_row(head, widths, out);
  for (const Grant& grant : facts.latest_dump->grants) {
    append_row(row_of(grant, context), widths, out);
  }
}

void append_backends(const Facts& facts, const Context& context, const TextStyle& style,
                     std::string* out) {
  render::Page page(style);
  std::size_t label = 0;
  for (const Backend& device : facts.backends.devices) {
    label = std::max(label, render::display_width(render::outside(device.name(), 24)) + 2);
  }
  for (const Backend& device : facts.backends.devices) {
    std::string text = fmt::format(
        "for {}, served by d{}, {}",
        render::domain_words(device.frontend_domain, context.name(device.frontend_domain)),
        device.backend_domain.value(), device.connected() ? "connected" : "not connected");
    if (!device.bridge.empty()) text += ", bridge " + render::outside(device.bridge, 20);
    if (!device.rings.empty()) {
      std::vector<std::string> refs;
      for (const RingRef& ring : device.rings) {
        refs.push_back(
            fmt::format("{} {}", render::words(ring.role), render::hex(ring.ref.value())));
      }
      text += fmt::format("; refs by the guest's word: {}", fmt::join(refs, ", "));
    }
    page.field(2, render::outside(device.name(), 24), label, text);
  }
  *out += page.text();
}

Json grant_json(const Grant& grant, const Context& context) {
  const Purpose purpose = context.purpose(grant);
  Json out;
  out["granter"] = render::domain_json(grant.granter, context.name(grant.granter));
  out["grantee"] = grant.grantee.value();
  out["ref"] = render::hex(grant.ref.value());
  out["frame"] = render::hex(grant.frame.value());
  out["writable"] = grant.writable();
  out["pin"] = fmt::format("{:#010x}", grant.pin);
  out["backend"] = purpose.device != nullptr ? Json(purpose.device->name()) : Json(nullptr);
  out["role"] = purpose.token.empty() ? Json(nullptr) : Json(purpose.token);
  out["state"] = context.state(grant.frame);
  return out;
}

Json backend_json(const Backend& device, const Context& context) {
  Json out;
  out["name"] = device.name();
  out["type"] = device.type;
  out["backend_domain"] = device.backend_domain.value();
  out["frontend"] =
      render::domain_json(device.frontend_domain, context.name(device.frontend_domain));
  out["connected"] = device.connected();
  if (!device.mac.empty()) out["mac"] = device.mac;
  if (!device.bridge.empty()) out["bridge"] = device.bridge;
  out["queues"] = device.queues;
  out["rings"] = Json::array();
  for (const RingRef& ring : device.rings) {
    out["rings"].push_back({{"role", render::token(ring.role)},
                            {"queue", ring.queue},
                            {"ref", render::hex(ring.ref.value())}});
  }
  return out;
}

// An array with one element per line: the elements are written as they are made, for a dump of a
// million grants must not become a tree of a million nodes first.
template <class Items, class ToJson>
void append_array(std::string* out, std::string_view name, const Items& items, ToJson to_json) {
  *out += fmt::format(",\n  \"{}\": [", name);
  bool first = true;
  for (const auto& item : items) {
    *out += first ? "\n    " : ",\n    ";
    *out += render::dump_line(to_json(item));
    first = false;
  }
  *out += first ? "]" : "\n  ]";
}

}  // namespace

std::string render_grants_text(const Report& report, const TextStyle& style) {
  const Facts& facts = *report.facts;
  const Context context(facts);
  std::string out;
  render::Page head(style);
  if (facts.latest_dump) {
    head.put("", render::coloured(style, "1", dump_title(facts)));
    out += head.text();
    append_grants(facts, context, &out);
  } else {
    head.put("", no_dump_words(report));
    out += head.text();
  }
  if (!facts.backends.devices.empty()) {
    render::Page title(style);
    title.blank();
    title.put("", render::coloured(style, "1",
                                   render::counted(facts.backends.devices.size(), "PV device") +
                                       " in xenstore"));
    out += title.text();
    append_backends(facts, context, style, &out);
  } else if (!facts.backends.listing_seen) {
    render::Page note(style);
    note.blank();
    note.put("", "No xenstore listing in the input (`xenstore-ls -f`): grants cannot be named.");
    out += note.text();
  }
  return out;
}

std::string render_grants_json(const Report& report) {
  const Facts& facts = *report.facts;
  const Context context(facts);
  Json head = render::envelope(report);
  head["input"] = render::input_json(facts);
  head["hypervisor"] = render::hypervisor_json(facts);
  head["limits"] = render::limits_json(report.diagnosis->limits);
  if (facts.latest_dump) {
    head["dump"] = {{"complete", facts.latest_dump->complete()},
                    {"begin", render::time_json(facts.latest_dump->begin_time)},
                    {"end", render::time_json(facts.latest_dump->end_time)},
                    {"dropped", facts.latest_dump->dropped}};
  } else {
    head["dump"] = nullptr;
  }
  std::string out = render::dump(head);
  out.erase(out.rfind("\n}"));
  static const std::vector<Grant> kNone;
  append_array(&out, "grants", facts.latest_dump ? facts.latest_dump->grants : kNone,
               [&](const Grant& grant) { return grant_json(grant, context); });
  append_array(&out, "backends", facts.backends.devices,
               [&](const Backend& device) { return backend_json(device, context); });
  out += "\n}\n";
  return out;
}

}  // namespace xic
