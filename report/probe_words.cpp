#include "report/probe_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/describe.h"
#include "report/layout.h"

namespace xic::render {
namespace {

using Kind = ProbeStep::Kind;
using Outcome = ProbeStep::Outcome;

std::string_view words(Outcome outcome) {
  switch (outcome) {
    case Outcome::known:
      return "known";
    case Outcome::left_out:
      return "left out";
    case Outcome::granted:
      return "granted to dom0";
    case Outcome::not_granted:
      return "not granted to dom0";
    case Outcome::present:
      return "load returned";
    case Outcome::absent:
      return "load killed (SIGKILL)";
    case Outcome::no_answer:
      break;
  }
  return "no answer";
}

/// "granted to dom0; load returned; granted to dom0"
std::string course(const std::vector<ProbeStep>& steps, Frame frame) {
  std::string text;
  for (const ProbeStep& step : steps) {
    if (step.frame != frame || step.kind == Kind::learnt) continue;
    if (!text.empty()) text += "; ";
    text += words(step.outcome);
    if (!step.detail.empty()) text += " (" + outside(step.detail, 80) + ")";
  }
  return text;
}

/// Frames that were loaded, each once, in the order in which they were learnt.
std::vector<Frame> loaded_frames(const std::vector<ProbeStep>& steps) {
  std::vector<Frame> frames;
  for (const ProbeStep& page : steps) {
    if (page.kind != Kind::learnt) continue;
    const bool loaded = std::any_of(steps.begin(), steps.end(), [&](const ProbeStep& step) {
      return step.kind == Kind::loaded && step.frame == page.frame;
    });
    if (loaded) frames.push_back(page.frame);
  }
  return frames;
}

/// What an engineer types to see the same without this program's verdict.
void add_repetition(const std::vector<ProbeStep>& steps, std::vector<std::string>* lines) {
  const std::vector<Frame> frames = loaded_frames(steps);
  if (frames.empty()) return;
  std::string pattern = "remote.d";
  std::string words;
  for (const Frame frame : frames) {
    pattern += '|' + hex(frame.value());
    words += ' ' + hex(frame.value());
  }
  lines->push_back("By hand, mapped by dom0: xl debug-keys g; xl dmesg | grep -E '" + pattern +
                   "'");
  lines->push_back("By hand, the entries: " XIC_LIBEXECDIR "/xen-iommu-probe" + words);
}

std::string page_line(const Facts& facts, const ProbeStep& page) {
  const auto name = facts.backends.domain_names.find(page.granter);
  std::string text = fmt::format(
      "{}000 = frame {}, grant {} of {}", hex(page.frame.value()), hex(page.frame.value()),
      hex(page.ref.value()),
      domain_words(page.granter, name == facts.backends.domain_names.end() ? "" : name->second));
  if (page.outcome == Outcome::left_out) return text + ": left out, " + outside(page.detail, 120);
  if (!page.detail.empty()) text += " (" + outside(page.detail, 120) + ")";
  const std::string what = course(facts.probe->steps, page.frame);
  return what.empty() ? text + ": not needed" : text + ": " + what;
}

}  // namespace

std::vector<std::string> probe_lines(const Facts& facts) {
  std::vector<std::string> lines;
  if (!facts.probe) return lines;
  if (!loaded_frames(facts.probe->steps).empty()) {
    lines.emplace_back(
        "A load at the machine address of a page that dom0 has mapped: it returns where Xen has "
        "made "
        "the entry that the IOMMU needs, and is killed where not");
  }
  for (const ProbeStep& step : facts.probe->steps) {
    if (step.kind == Kind::learnt) lines.push_back(page_line(facts, step));
  }
  if (facts.probe->answer == ProbeResult::Answer::not_possible) {
    for (const ProbeRefusal& refusal : facts.probe->refusals) {
      std::string text = "not possible: " + outside(refusal.why, 200);
      if (!refusal.remedy.empty()) text += "; " + outside(refusal.remedy, 120);
      lines.push_back(std::move(text));
    }
  }
  for (const std::string& sign : facts.probe->weaker_signs) lines.push_back(outside(sign, 200));
  add_repetition(facts.probe->steps, &lines);
  return lines;
}

std::string_view token(Kind kind) {
  switch (kind) {
    case Kind::learnt:
      return "learnt";
    case Kind::asked:
      return "asked";
    case Kind::loaded:
      break;
  }
  return "loaded";
}

std::string_view token(Outcome outcome) {
  switch (outcome) {
    case Outcome::known:
      return "known";
    case Outcome::left_out:
      return "left_out";
    case Outcome::granted:
      return "granted";
    case Outcome::not_granted:
      return "not_granted";
    case Outcome::present:
      return "present";
    case Outcome::absent:
      return "absent";
    case Outcome::no_answer:
      break;
  }
  return "no_answer";
}

std::string_view token(TraceSighting::State state) {
  switch (state) {
    case TraceSighting::State::not_covered:
      return "not_covered";
    case TraceSighting::State::never:
      return "never";
    case TraceSighting::State::mapped:
      return "mapped";
    case TraceSighting::State::ended:
      return "ended";
    case TraceSighting::State::unclear:
      break;
  }
  return "unclear";
}

}  // namespace xic::render
