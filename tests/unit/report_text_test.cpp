#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "report/describe.h"
#include "report/utf8.h"
#include "report_samples.h"

namespace xic::testing {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<Sample> all_samples() {
  return {affected_sample(), two_lines_sample(), healthy_sample(), crowded_sample(),
          hostile_sample()};
}

TEST(TextReport, EveryLineFitsTheWidth) {
  for (const Sample& s : all_samples()) {
    for (const int width : {40, 60, 80, 100, 132}) {
      const std::string text = render_text(s.report(), {.color = true, .width = width});
      for (const std::string& line : lines_of(text)) {
        EXPECT_LE(render::display_width(line), static_cast<std::size_t>(width)) << line;
      }
    }
  }
}

TEST(TextReport, FitsOneScreen) {
  for (const Sample& s :
       {affected_sample(), two_lines_sample(), healthy_sample(), crowded_sample()}) {
    EXPECT_LE(lines_of(render_text(s.report(), {})).size(), 30U);
  }
}

TEST(TextReport, ColoursOnlyWhenAsked) {
  for (const Sample& s : all_samples()) {
    EXPECT_FALSE(has(render_text(s.report(), {}), "\x1b"));
    EXPECT_TRUE(has(render_text(s.report(), {.color = true}), "\x1b["));
  }
}

TEST(TextReport, ColourChangesNothingElse) {
  const Sample s = crowded_sample();
  std::string text = render_text(s.report(), {.color = true});
  for (std::size_t at = 0; (at = text.find('\x1b')) != std::string::npos;) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  EXPECT_EQ(text, render_text(s.report(), {}));
}

TEST(TextReport, AsciiMeansAscii) {
  for (const Sample& s :
       {affected_sample(), two_lines_sample(), healthy_sample(), crowded_sample()}) {
    const std::string text = render_text(s.report(), {.ascii = true});
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c > 0; })) << text;
  }
}

TEST(TextReport, TheMarkFollowsTheExitCode) {
  Sample s = healthy_sample();
  const auto first = [&](int exit_code) {
    s.diagnosis.exit_code = exit_code;
    return lines_of(render_text(s.report(), {.ascii = true})).front();
  };
  EXPECT_TRUE(first(0).starts_with("[OK] NOT AFFECTED"));
  EXPECT_TRUE(first(1).starts_with("[!] NOT AFFECTED"));
  s.diagnosis.verdict.state = VerdictState::affected;
  EXPECT_TRUE(first(2).starts_with("[FAIL] AFFECTED"));
  s.diagnosis.verdict.state = VerdictState::likely_affected;
  EXPECT_TRUE(first(1).starts_with("[!] LIKELY AFFECTED"));
  s.diagnosis.verdict.state = VerdictState::dormant;
  EXPECT_TRUE(first(0).starts_with("[OK] DORMANT"));
  s.diagnosis.verdict.state = VerdictState::unknown;
  EXPECT_TRUE(first(3).starts_with("[?] UNKNOWN"));
}

TEST(TextReport, TellsTheOriginalReportInWords) {
  const Sample s = two_lines_sample();
  const std::string text = render_text(s.report(), {});
  for (const std::string_view part :
       {"UNKNOWN", "suspected", "device read of 0x8424cb148", "translation fault", "level 1",
        "AArch64 format", "context bank 0", "page 0x8424cb",
        "macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK", "dom0 uptime 68.290307 s",
        "xen-iommu-check --probe", "XIC-1008"}) {
    EXPECT_TRUE(has(text, part)) << part << " is missing from\n" << text;
  }
}

TEST(TextReport, NamesOwnerSourceAndAge) {
  const Sample s = affected_sample();
  const std::string text = render_text(s.report(), {.width = 200});
  EXPECT_TRUE(has(text,
                  "page 0x97f75 = grant 0x208 of d1 \"rigdomu\", vif1.0 tx ring; exact: "
                  "complete 'g' dump before the fault (dump 0.4 s before)"))
      << text;
}

TEST(TextReport, ShowsAccusingFaultsFirstAndSumsUpTheRest) {
  Sample s = healthy_sample();
  for (std::uint64_t i = 0; i < 10; ++i) {
    FaultGroup group = context_fault("/smmu", 0x1000 * (i + 1), Access::read);
    group.count = 100 - i;
    FaultFinding finding;
    finding.cause.id = i == 9 ? "XIC-1001" : "XIC-2007";
    finding.accuses = i == 9;
    s.add(group, finding);
  }
  const std::string text = render_text(s.report(), {});
  const std::vector<std::string> lines = lines_of(text);
  const auto heading = std::find(lines.begin(), lines.end(), "  Faults (955 events in 10 groups)");
  ASSERT_NE(heading, lines.end()) << text;
  EXPECT_TRUE(heading[1].starts_with("    device read of 0xa000:")) << text;
  EXPECT_TRUE(has(text, "more groups (XIC-2007): --json")) << text;
  EXPECT_LE(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return has(line, "    device read of"); }),
            3);
}

TEST(TextReport, KeepsEvidenceThatContradicts) {
  Sample s = healthy_sample();
  s.diagnosis.evidence.clear();
  for (int i = 0; i < 20; ++i)
    s.diagnosis.evidence.push_back({"filler", "log", "filler " + std::to_string(i), "context", 4});
  s.diagnosis.evidence.push_back(
      {"exact_fault", "console", "a granted page faulted", "affected", 5});
  const std::string text = render_text(s.report(), {});
  EXPECT_TRUE(has(text, "a granted page faulted (speaks for: affected)")) << text;
  EXPECT_TRUE(has(text, "more with --json"));
}

TEST(TextReport, MarksWhatSpeaksAgainstTheVerdictAndNothingElse) {
  Sample s = healthy_sample();
  const auto marked = [&](VerdictState state, const char* supports) {
    s.diagnosis.verdict.state = state;
    s.diagnosis.evidence = {{"commit", "boot banner", "a commit", supports, 2}};
    return has(render_text(s.report(), {}), "(speaks for: ");
  };
  EXPECT_FALSE(marked(VerdictState::affected, "affected"));
  EXPECT_FALSE(marked(VerdictState::likely_affected, "affected"));
  EXPECT_FALSE(marked(VerdictState::dormant, "affected"));
  EXPECT_TRUE(marked(VerdictState::dormant, "not_affected"));
  EXPECT_TRUE(marked(VerdictState::affected, "not_affected"));
  EXPECT_TRUE(marked(VerdictState::not_affected, "affected"));
  EXPECT_FALSE(marked(VerdictState::not_affected, "dormant"));
  EXPECT_TRUE(marked(VerdictState::unknown, "dormant"));
  EXPECT_FALSE(marked(VerdictState::unknown, "context"));
}

TEST(TextReport, TellsDom0sMessageOnce) {
  Sample s = healthy_sample();
  HypervisorEvent event;
  event.kind = HypervisorEvent::Kind::swiotlb;
  event.message = "v3d fec00000.v3d: swiotlb buffer is full";
  Dom0Error error;
  error.driver = "v3d";
  error.message = "swiotlb buffer is full";
  s.facts.events = {event};
  s.diagnosis.events = {{"XIC-5005", Confidence::high, ""}};
  s.facts.dom0_errors = {error};
  const std::string text = render_text(s.report(), {});
  EXPECT_TRUE(has(text, "dom0 said: v3d fec00000.v3d: swiotlb buffer is full")) << text;
  EXPECT_FALSE(has(text, "without a fault beside it")) << text;
}

TEST(TextReport, SaysTheSameThingOnce) {
  Sample s = healthy_sample();
  for (const char* source : {"boot log", "xl info", "features"}) {
    s.diagnosis.evidence.push_back({"iommu_state", source, "Xen uses the IOMMU", "context", 4});
  }
  const std::string text = render_text(s.report(), {});
  EXPECT_TRUE(has(text, "Xen uses the IOMMU           [boot log and 2 more]")) << text;
  EXPECT_FALSE(has(text, "more with --json"));
}

TEST(TextReport, SumsUpWhatIsShownAmongTheFaults) {
  Sample s = affected_sample();
  s.diagnosis.evidence.push_back({"fault", "Xen's console", "read of 0x97f75148", "observed", 1});
  const std::string text = render_text(s.report(), {});
  EXPECT_TRUE(has(text, "hit a page that another domain had granted to dom0: see below")) << text;
  EXPECT_FALSE(has(text, "read of 0x97f75148 ")) << text;
}

TEST(TextReport, ShowsEachKindOfEvidenceBeforeASecondOfOne) {
  Sample s = healthy_sample();
  for (int i = 0; i < 20; ++i) {
    s.diagnosis.evidence.push_back(
        {"iommu_state", "log", "claim " + std::to_string(i), "context", 4});
  }
  s.diagnosis.evidence.push_back({"direct_map", "log", "dom0 is direct-mapped", "context", 4});
  EXPECT_TRUE(has(render_text(s.report(), {}), "dom0 is direct-mapped"));
}

TEST(TextReport, SurvivesFindingsThatAreMissing) {
  Sample s = crowded_sample();
  s.diagnosis.faults.clear();
  s.diagnosis.foreign.clear();
  s.diagnosis.events.clear();
  s.diagnosis.verdict.state = VerdictState::not_affected;
  s.facts.faults[0].dom0_error = 99;
  Report report = s.report();
  report.knowledge = nullptr;
  EXPECT_TRUE(has(render_text(report, {}), "22 events"));
  EXPECT_FALSE(render_json(report).empty());
  EXPECT_FALSE(render_explained_faults(report, {}).empty());
  EXPECT_FALSE(render_prometheus(report).empty());
  EXPECT_FALSE(render_nagios(report).empty());
}

TEST(TextReport, NothingFromOutsideReachesTheTerminal) {
  const Sample s = hostile_sample();
  for (const std::string& text :
       {render_text(s.report(), {}), render_grants_text(s.report(), {}),
        render_explained_faults(s.report(), {}), render_nagios(s.report()),
        render_short(s.report()), render_prometheus(s.report())}) {
    for (std::string_view rest = text; !rest.empty();) {
      const render::Utf8Char c = render::first_char(rest);
      ASSERT_TRUE(c.valid);
      ASSERT_TRUE(c.code == '\n' || c.code >= 0x20);
      ASSERT_FALSE(c.code >= 0x7f && c.code <= 0x9f);
      ASSERT_NE(c.code, char32_t{0x202e});
      rest.remove_prefix(c.length);
    }
  }
}

TEST(FaultWords, TellWhatTheFormatPrinted) {
  FaultGroup fault = context_fault("/smmu", 0x8424cb148, Access::write);
  fault.privileged = true;
  fault.multiple = true;
  EXPECT_EQ(render::fault_words(fault),
            "privileged device write to 0x8424cb148: translation fault, level 1, AArch64 format, "
            "context bank 0, more faults happened than were recorded");
  FaultGroup old;  // Xen 4.6 to 4.11 print no fsr
  old.iova = Iova{0x1000};
  old.cb = 3;
  EXPECT_EQ(render::fault_words(old),
            "device access to 0x1000: kind of fault not told, context bank 3");
  FaultGroup ipmmu;
  ipmmu.kind = FaultKind::ipmmu;
  ipmmu.fault_class = FaultClass::translation;
  ipmmu.iova = Iova{0x77c00000};
  ipmmu.domain = kDom0;
  EXPECT_EQ(render::fault_words(ipmmu),
            "device access to 0x77c00000: translation fault, context of d0");
  FaultGroup global;
  global.kind = FaultKind::smmuv2_global;
  global.fault_class = FaultClass::stream_unknown;
  global.access = Access::write;
  global.stream_id = 0x14;
  EXPECT_EQ(render::fault_words(global), "device write: unidentified stream, stream 0x14");
  global.access = Access::unknown;
  global.complete = false;
  EXPECT_EQ(render::fault_words(global),
            "unidentified stream, stream 0x14, part of the message is missing");
}

TEST(FaultWords, NameEveryClass) {
  for (int i = 0; i <= static_cast<int>(FaultClass::other); ++i) {
    FaultGroup fault;
    fault.fault_class = static_cast<FaultClass>(i);
    EXPECT_GT(render::fault_words(fault).size(), 8U) << i;
  }
}

TEST(FaultWords, TellTheTableFormatOnlyWhereItIsSure) {
  const auto format = [](std::uint64_t fsr) {
    FaultGroup fault;
    fault.fault_class = FaultClass::translation;
    fault.registers.add("fsr", fsr);
    return render::fault_words(fault);
  };
  EXPECT_EQ(format(0x2), "translation fault");
  EXPECT_EQ(format(0x202), "translation fault, AArch32 LPAE format");
  EXPECT_EQ(format(0x402), "translation fault, AArch64 format");
  EXPECT_EQ(format(0x602), "translation fault");
}

TEST(OwnerWords, TellWhatIsKnownOfAPage) {
  FaultGroup fault = context_fault("/smmu", 0x5000, Access::read);
  FaultFinding finding;
  EXPECT_EQ(render::owner_words(fault, finding), "page 0x5: no grant known");
  finding.address = {AddressClass::mmio, "UART"};
  finding.attribution.source = "not in the dump";
  EXPECT_EQ(render::owner_words(fault, finding),
            "page 0x5 is a device's registers, UART; no grant known (not in the dump)");
  finding.attribution.state = Attribution::State::likely;
  finding.attribution.granter = DomId{7};
  finding.attribution.ref = GrantRef{9};
  finding.attribution.role = "console page";
  finding.attribution.seen_at = "later";
  EXPECT_EQ(render::owner_words(fault, finding),
            "page 0x5 = grant 0x9 of d7, console page; likely: not in the dump (later)");
  fault.last = xen_time(1'000'000);
  fault.after.found = true;
  fault.after.dump_time = xen_time(3'500'000);
  EXPECT_TRUE(render::owner_words(fault, finding).ends_with(" (dump 2.5 s after)"));
  fault.after.dump_time = xen_time(1'023'000);
  EXPECT_TRUE(render::owner_words(fault, finding).ends_with(" (dump 23 ms after)"));
  fault.after.dump_time = xen_time(500'000);  // clocks that run backwards tell nothing
  EXPECT_TRUE(render::owner_words(fault, finding).ends_with(" (later)"));
  fault.iova.reset();
  EXPECT_EQ(render::owner_words(fault, finding), "");
}

TEST(DomainWords, ANameCannotEndItsQuotes) {
  EXPECT_EQ(render::domain_words(DomId{1}, "a\", exact"), "d1 \"a', exact\"");
}

TEST(Times, AreExactInEveryClock) {
  EXPECT_EQ(render::time_value({}), "");
  EXPECT_EQ(render::time_value({Clock::xen_boot, 20521487000}), "20.521487");
  EXPECT_EQ(render::time_value({Clock::dom0_uptime, 68290307000}), "68.290307");
  EXPECT_EQ(render::time_value({Clock::xen_wall, 1795425302114000000}),
            "2026-11-23T09:15:02.114000Z");
  EXPECT_EQ(render::time_value({Clock::xen_cycles, 0x1b1ffedeb8}), "0x1b1ffedeb8");
  EXPECT_EQ(render::time_words({Clock::xen_wall, 1795425302114000000}),
            "2026-11-23 09:15:02.114 UTC");
  EXPECT_EQ(render::time_words({Clock::xen_cycles, 255}), "Xen counter 0xff");
  EXPECT_EQ(render::rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(render::rfc3339(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(render::rfc3339(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(render::rfc3339(4107542400), "2100-03-01T00:00:00Z");
}

}  // namespace
}  // namespace xic::testing
