#include "core/probe/probe_rules.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "core/diagnosis/words.h"
#include "core/memory/iomem.h"

namespace xic {
namespace {

constexpr GrantRef kConsoleRef{0};
constexpr GrantRef kXenstoreRef{1};

bool overlaps(std::uint64_t begin, std::uint64_t end, Frame frame) {
  const std::uint64_t first = address_of(frame).value();
  return begin < first + kPageMask + 1 && first < end;
}

const AddressRange* holding(const std::vector<AddressRange>& ranges, Frame frame) {
  for (const AddressRange& range : ranges) {
    if (overlaps(range.begin, range.end, frame)) return &range;
  }
  return nullptr;
}

/// What happened to one page.
struct PageLoads {
  std::size_t asked = 0, granted = 0;
  std::size_t present = 0, absent = 0, no_answer = 0;
  std::string why;
  /// Granted whenever it was asked, before and after.
  [[nodiscard]] bool confirmed() const { return asked >= 2 && granted == asked; }
};

std::map<Frame, PageLoads> by_page(const std::vector<ProbeStep>& steps) {
  std::map<Frame, PageLoads> pages;
  for (const ProbeStep& step : steps) {
    PageLoads& page = pages[step.frame];
    if (step.kind == ProbeStep::Kind::asked) {
      ++page.asked;
      if (step.outcome == ProbeStep::Outcome::granted) ++page.granted;
    }
    if (step.kind != ProbeStep::Kind::loaded) continue;
    switch (step.outcome) {
      case ProbeStep::Outcome::present:
        ++page.present;
        break;
      case ProbeStep::Outcome::absent:
        ++page.absent;
        break;
      default:
        ++page.no_answer;
        page.why = step.detail;
        break;
    }
  }
  return pages;
}

}  // namespace

std::vector<ProbeRefusal> why_invalid(const Facts& facts, const ProbeHost& host) {
  std::vector<ProbeRefusal> refusals;
  const auto refuse = [&](std::string_view id, std::string_view why, std::string_view remedy) {
    refusals.push_back({std::string(id), std::string(why), std::string(remedy)});
  };
  const Hypervisor& xen = facts.hypervisor;
  if (!host.dom0) {
    refuse("not_dom0", "this is not a dom0", "run it in dom0");
    return refusals;
  }
  if (!xen.arch || xen.arch->value != Arch::arm64) {
    refuse("not_arm64", "only a 64-bit Arm kernel turns Xen's answer into a signal of its own", "");
    return refusals;
  }
  if (!host.device_tree) {
    refuse("acpi", "dom0 was booted by ACPI, where Xen makes a missing entry when it is touched",
           "boot the host by device tree");
  }
  if (const auto iommu = xen.iommu_enabled(); iommu == false) {
    refuse("iommu_off", "Xen uses no IOMMU: no hypervisor makes the entry then",
           "it means something only with the IOMMU on");
  } else if (!iommu) {
    refuse("iommu_unknown", "nothing shows whether Xen uses the IOMMU",
           "run it as root, so that the hypervisor can be asked");
  }
  if (const auto mapped = xen.direct_mapped(); mapped == false) {
    refuse("not_direct_mapped", "dom0 is not direct-mapped: the entry would stand elsewhere", "");
  } else if (!mapped) {
    refuse("direct_map_unknown", "nothing shows that dom0 is direct-mapped",
           "run it while \"Allocating 1:1 mappings\" is still in xl dmesg (conring_size=)");
  }
  if (xen.ipmmu_sharing_disabled || (xen.table_shared && !xen.table_shared->value)) {
    refuse("tables_not_shared",
           "the IOMMU has page tables of its own: a CPU's access says nothing about them", "");
  }
  return refusals;
}

std::vector<ProbePage> long_lived(const GrantDump& dump, const Backends& backends) {
  std::vector<ProbePage> pages;
  if (!dump.complete()) return pages;
  for (const Grant& grant : dump.grants) {
    if (grant.grantee != kDom0 || grant.granter == kDom0) continue;
    ProbePage page{grant.frame, grant.granter, grant.ref, "", "the 'g' dump"};
    if (grant.ref == kConsoleRef) {
      page.role = "console page";
    } else if (grant.ref == kXenstoreRef) {
      page.role = "xenstore page";
    } else {
      RingRef ring;
      const Backend* device = backends.device_of(grant.granter, grant.ref, &ring);
      if (device == nullptr || device->backend_domain != kDom0 || !device->connected()) continue;
      page.role = "ring of " + device->name();
    }
    pages.push_back(std::move(page));
  }
  return pages;
}

std::string must_not_touch(const ProbePage& page, const std::string& iomem,
                           const std::vector<AddressRange>& own,
                           const std::vector<AddressRange>& claimed) {
  if (page.granter == kDom0) return "it is dom0's own grant";
  if (holding(own, page.frame) != nullptr) return "it lies in dom0's own memory";
  if (const AddressRange* range = holding(claimed, page.frame)) {
    return "Xen has set it aside for dom0" + (range->name.empty() ? "" : " (" + range->name + ")");
  }
  std::string_view rest = iomem;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto entry = parse_iomem(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (entry && entry->last != UINT64_MAX && overlaps(entry->begin, entry->last + 1, page.frame)) {
      return "dom0's kernel has it as \"" + std::string(entry->name) + "\"";
    }
  }
  return "";
}

std::vector<ProbePage> spread(const std::vector<ProbePage>& pages, std::size_t most) {
  std::vector<ProbePage> chosen;
  std::map<DomId, std::size_t> taken;
  for (std::size_t round = 1; chosen.size() < most; ++round) {
    bool any = false;
    for (const ProbePage& page : pages) {
      if (chosen.size() == most) break;
      const bool known = std::any_of(chosen.begin(), chosen.end(), [&](const ProbePage& other) {
        return other.frame == page.frame;
      });
      if (known || taken[page.granter] >= round) continue;
      ++taken[page.granter];
      chosen.push_back(page);
      any = true;
    }
    if (!any) break;
  }
  return chosen;
}

void judge_steps(ProbeResult* result) {
  std::uint32_t present = 0;
  std::uint32_t absent = 0;
  std::uint32_t doubtful = 0;
  std::optional<std::string> unanswered;
  for (const auto& [frame, page] : by_page(result->steps)) {
    if (page.present + page.absent + page.no_answer == 0) continue;
    if (page.no_answer != 0 && !unanswered) unanswered = page.why;
    const bool came_or_went = page.present != 0 && page.absent != 0;
    const bool absent_once = page.present == 0 && page.absent == 1;  // not at a second look
    if (!page.confirmed() || came_or_went || absent_once) {
      ++doubtful;
    } else if (page.present != 0) {
      ++present;
    } else if (page.absent != 0) {
      ++absent;
    }
  }
  result->frames = present + absent;
  if (present != 0 && absent != 0) {
    result->answer = ProbeResult::Answer::mixed;
    result->detail = std::to_string(present) + " of the entries present, " +
                     std::to_string(absent) +
                     " absent: a hypervisor with the regression makes none, one without makes all; "
                     "a mapping may have failed for want of memory";
  } else if (present != 0) {
    result->answer = ProbeResult::Answer::present;
  } else if (absent >= kLeastPages) {
    result->answer = ProbeResult::Answer::absent;
  } else if (absent != 0) {
    result->detail =
        "the entry of one page is absent; that proves nothing before a second page's is";
    result->refusals.push_back({"one_page", result->detail, "start another guest"});
  } else if (unanswered) {
    result->detail = unanswered->empty() ? "no load gave an answer" : *unanswered;
    result->refusals.push_back(
        {"no_load", result->detail,
         "a kernel without lockdown, whose /dev/mem allows what is not its own RAM"});
  } else {
    result->detail = "no page stayed granted to dom0 from before to after its load";
    result->refusals.push_back({"unsteady", result->detail, "run it again"});
  }
  if (doubtful != 0) {
    if (!result->detail.empty()) result->detail += "; ";
    result->detail += counted(doubtful, "page") + " not counted: not steadily granted or answered";
  }
}

std::string by_maximum_gpfn(Frame highest, const ProbePage& page) {
  const std::string what = "dom0's highest guest frame ever was " + hex(highest.value());
  if (highest < page.frame) {
    return what + ", below frame " + hex(page.frame.value()) +
           " that dom0 has mapped: its entry cannot be there";
  }
  return what + ", not below frame " + hex(page.frame.value()) + ": that says nothing";
}

}  // namespace xic
