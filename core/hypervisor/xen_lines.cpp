#include "core/hypervisor/xen_lines.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/hypervisor/banner.h"
#include "core/hypervisor/commit.h"
#include "core/scan.h"

namespace xic {
namespace {

constexpr std::string_view kFromBanner = "boot banner";
constexpr std::string_view kFromBootLog = "boot log";

/// Xen's printk buffer is 1024 bytes (drivers/char/console.c): a longer line is cut.
constexpr std::size_t kCutFrom = 990;

/// "dN" at the front.
std::optional<std::uint16_t> take_domain(std::string_view* text) {
  std::string_view rest = *text;
  if (!scan::take(&rest, "d")) return std::nullopt;
  const auto number = scan::take_number<std::uint16_t>(&rest);
  if (number) *text = rest;
  return number;
}

template <std::size_t kMax>
void add_span(FactList<AddressSpan, kMax>* list, AddressSpan span, const Line& line) {
  if (line.mid_line) return;
  list->add(span, said(line, Rank::boot), [](const AddressSpan& a, const AddressSpan& b) {
    return a.begin == b.begin && a.end == b.end;
  });
}

}  // namespace

Consumed XenLines::consume(const Line& line, bool last_chance) {
  const std::string_view text = line.text;
  if (const auto key = KeyListing::key_of(text)) return read_key(line, *key);
  if (text.starts_with("Xen version ")) return read_banner(line, last_chance);
  if (text.starts_with("Latest ChangeSet:")) return read_changeset(line, last_chance);
  if (text.starts_with("build-id: ")) return read_build_id(line);
  if (text.find("' pressed -> showing installed handlers") != std::string_view::npos) {
    listing_.begin();
    return Consumed::yes;
  }
  listing_.end();
  if (read_early(line)) return Consumed::yes;
  if (text.starts_with("Command line: ")) return read_command_line(line, last_chance);
  if (read_crash(line) || read_setup(line) || read_domains(line) || drivers_.consume(line)) {
    return Consumed::yes;
  }
  return Consumed::no;
}

void XenLines::forget(const std::optional<Staleness>& stale) {
  if (stale) store_.forget(*stale);
}

Consumed XenLines::read_banner(const Line& line, bool last_chance) {
  const auto banner = parse_banner(line.text);
  if (!banner) return Consumed::no;
  const bool by_key = listing_.just_begun();
  if (!by_key && !line.mid_line) forget(boots_.on_banner(line, banner->version));
  const Origin origin = said(line, Rank::banner);
  store_.offer_version(banner->version, kFromBanner, origin);
  if (banner->arch) store_.arch.offer(*banner->arch, kFromBanner, origin);
  if (banner->debug) store_.debug_build.offer(*banner->debug, kFromBanner, origin);
  if (!banner->compile_by.empty()) {
    store_.compile_by.offer(bounded_copy(banner->compile_by), kFromBanner, origin);
    store_.offer_commit(commit_in_recipe(banner->compile_by), kFromBanner, origin);
  }
  if (!banner->distribution.empty()) {
    store_.distribution.offer(bounded_copy(banner->distribution), kFromBanner, origin);
    store_.offer_commit(commit_in_package_version(banner->distribution), kFromBanner, origin);
  }
  // A mailer wraps this line; its end is the debug state.
  return banner->debug || last_chance ? Consumed::yes : Consumed::needs_more;
}

Consumed XenLines::read_changeset(const Line& line, bool last_chance) {
  std::string_view text = line.text;
  (void)scan::take(&text, "Latest ChangeSet:");
  text = scan::trim(text);
  boots_.on_later_line(line);
  const Origin origin = said(line, Rank::banner);
  store_.changeset.offer(bounded_copy(text), "boot log: Latest ChangeSet", origin);
  auto commit = commit_in_changeset(text);
  const bool whole = commit.has_value() || text.empty() || text == "unavailable";
  store_.offer_commit(std::move(commit), "boot log: Latest ChangeSet", origin);
  return whole || last_chance ? Consumed::yes : Consumed::needs_more;
}

Consumed XenLines::read_build_id(const Line& line) {
  std::string_view text = line.text;
  (void)scan::take(&text, "build-id: ");
  store_.build_id.offer(bounded_copy(scan::trim(text)), kFromBootLog, said(line, Rank::banner));
  return Consumed::yes;
}

Consumed XenLines::read_key(const Line& line, char key) {
  if (line.mid_line) {
    listing_.end();
    return Consumed::yes;
  }
  const KeyListing::Found found = listing_.add(key);
  const Origin origin = said(line, Rank::boot);
  if (found == KeyListing::Found::registered && line.text.find("iommu") != std::string_view::npos) {
    store_.claim_iommu(true, IommuClaim::Strength::proof, "key 'h': key 'o' is registered", origin);
  } else if (found == KeyListing::Found::missing) {
    store_.claim_iommu(false, IommuClaim::Strength::proof, "key 'h': key 'o' is not registered",
                       origin);
  }
  return Consumed::yes;
}

bool XenLines::read_early(const Line& line) {
  std::string_view text = line.text;
  if (text.starts_with("Checking for initrd in ")) {
    forget(boots_.on_early_line(line));
    return true;
  }
  if (!scan::take(&text, "RAM: ")) return false;
  const auto begin = scan::take_number<std::uint64_t>(&text, 16);
  if (!begin || !scan::take(&text, " - ")) return false;
  const auto last = scan::take_number<std::uint64_t>(&text, 16);
  if (!last || *last < *begin || *last == UINT64_MAX) return false;
  forget(boots_.on_early_line(line));
  add_span(&store_.host_ram, {*begin, *last + 1}, line);
  return true;
}

Consumed XenLines::read_command_line(const Line& line, bool last_chance) {
  std::string_view text = line.text;
  (void)scan::take(&text, "Command line: ");
  text = scan::trim(text);
  const bool offered_again = line.input == command_line_input_ && line.offset == command_line_at_;
  // Arm prints it before the banner, x86 after it: there it is early only if it is the second one.
  const bool second = store_.command_line.known() && !store_.command_line.origin().live;
  if (!offered_again && (second || !boots_.start_seen())) forget(boots_.on_early_line(line));
  command_line_input_ = line.input;
  command_line_at_ = line.offset;
  const bool whole = !line.mid_line && text.size() < kCutFrom;
  store_.command_line.offer({bounded_copy(text), whole}, "boot log: Command line",
                            said(line, Rank::boot));
  return last_chance ? Consumed::yes : Consumed::needs_more;
}

bool XenLines::read_crash(const Line& line) {
  const auto banner = parse_crash_banner(line.text);
  if (!banner) return false;
  constexpr std::string_view kSource = "crash banner";
  const Origin origin = said(line, Rank::boot);
  store_.offer_version(banner->version, kSource, origin);
  if (banner->arch) store_.arch.offer(*banner->arch, kSource, origin);
  if (banner->debug) store_.debug_build.offer(*banner->debug, kSource, origin);
  return true;
}

bool XenLines::read_setup(const Line& line) {
  std::string_view text = line.text;
  const Origin origin = said(line, Rank::boot);
  if (scan::take(&text, "I/O virtualisation ")) {
    const bool on = text.starts_with("enabled");
    if (!on && !text.starts_with("disabled")) return false;
    boots_.on_later_line(line);
    if (!line.mid_line) {
      store_.claim_iommu(on, IommuClaim::Strength::proof, "boot log: I/O virtualisation", origin);
    }
    return true;
  }
  if (text.starts_with("Allocating ") &&
      text.find("mappings totalling ") != std::string_view::npos) {
    return read_allocation(line, origin);
  }
  if (scan::take(&text, "Std. Loglevel: ")) {
    boots_.on_later_line(line);
    store_.log_level.offer(bounded_copy(scan::trim(text)), "boot log: Std. Loglevel", origin);
    return true;
  }
  if (scan::take(&text, "Allocated console ring of ")) {
    boots_.on_later_line(line);
    const auto kib = scan::take_number<std::uint32_t>(&text);
    if (!kib || !text.starts_with(" KiB")) return false;
    store_.ring_kib.offer(*kib, "boot log: Allocated console ring", origin);
    return true;
  }
  if (scan::take(&text, "Freed ")) {
    if (!scan::take_number<std::uint32_t>(&text) || !text.starts_with("kB init memory")) {
      return false;
    }
    boots_.on_later_line(line);
    note_dom0_start(line, Rank::banner);
    return true;
  }
  return read_extended_region(line) || read_colouring(line, origin);
}

bool XenLines::read_allocation(const Line& line, Origin origin) {
  const std::string_view text = line.text;
  boots_.on_later_line(line);
  const bool dom0 = text.find(" for dom0:") != std::string_view::npos ||
                    text.find(" for d0:") != std::string_view::npos;
  if (dom0 && !line.mid_line) {
    const bool direct = text.find("1:1 mappings") != std::string_view::npos;
    store_.claim_direct_map(
        direct,
        direct ? "boot log: Allocating 1:1 mappings" : "boot log: Allocating mappings (not 1:1)",
        origin);
  }
  return true;
}

bool XenLines::read_extended_region(const Line& line) {
  // "d0: extended region 0: 0x60400000->0xbfe00000"
  std::string_view text = line.text;
  if (!scan::take(&text, "d0: extended region ")) return false;
  if (!scan::take_number<std::uint32_t>(&text) || !scan::take(&text, ": ")) return false;
  const auto begin = scan::take_hex(&text);
  if (!begin || !scan::take(&text, "->")) return false;
  const auto end = scan::take_hex(&text);
  if (!end || *end <= *begin) return false;
  add_span(&store_.extended_regions, {*begin, *end}, line);
  return true;
}

bool XenLines::read_colouring(const Line& line, Origin origin) {
  // "Domain 0 has 4 color(s) [ ... ]"
  std::string_view text = line.text;
  if (!scan::take(&text, "Domain 0 has ")) return false;
  const auto count = scan::take_number<std::uint32_t>(&text);
  if (!count || *count == 0 || text.find("color") == std::string_view::npos) return false;
  if (!line.mid_line) store_.colouring.offer(true, kFromBootLog, origin);
  return true;
}

bool XenLines::read_domains(const Line& line) {
  std::string_view text = line.text;
  const Origin origin = said(line, Rank::boot);
  if (text.starts_with("*** LOADING DOMAIN 0 ***")) {
    boots_.on_later_line(line);
    return true;
  }
  bool dom0less =
      text.starts_with("*** LOADING DOMU") || text.find("vpl011") != std::string_view::npos;
  if (scan::take(&text, "Loading ")) {
    // "Loading d1 kernel from boot module @ ..."
    const auto domain = take_domain(&text);
    dom0less = domain && *domain != 0 && text.starts_with(" kernel from boot module");
  } else if (scan::take(&text, "*** Serial input to DOM") || scan::take(&text, "DOM")) {
    // A UART that Xen emulates for a domain that dom0 did not build.
    const auto domain = scan::take_number<std::uint16_t>(&text);
    dom0less = domain && *domain != 0 && (text.starts_with(":") || text.starts_with(" (type"));
  } else if (const auto domain = take_domain(&text); domain && text.starts_with("v")) {
    if (*domain == 0) note_dom0_start(line, Rank::boot);
  }
  if (dom0less) store_.dom0less.offer(true, kFromBootLog, origin);
  return dom0less;
}

void XenLines::note_dom0_start(const Line& line, Rank rank) {
  if (line.mid_line || line.time.clock == Clock::none) return;
  if (rank != Rank::banner && (!boots_.start_seen() || store_.dom0_started.known())) return;
  store_.dom0_started.offer(line.time, kFromBootLog, said(line, rank));
  boots_.on_dom0_start(line.time);
}

}  // namespace xic
