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
