#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/observer.h"
#include "host/sources.h"

namespace xic::cli {
namespace {

/// "XIC-1001", however written.
std::optional<std::string> cause_id(std::string_view text) {
  std::string id(text);
  std::transform(id.begin(), id.end(), id.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (!id.starts_with("XIC-") || id.size() == 4 ||
      id.find_first_not_of("0123456789", 4) != std::string::npos) {
    return std::nullopt;
  }
  return id;
}

Error not_recognised(std::string message, std::string hint) {
  return {Error::Code::malformed, 0, std::move(message), std::move(hint)};
}

Expected<std::string> explain_cause(const std::string& id, const Options& options) {
  const Report report = bare_report();
  const Entry* cause = report.knowledge->cause(id);
  if (cause == nullptr) {
    std::string known;
    for (const Entry& entry : report.knowledge->causes) known += ' ' + std::string(entry.id);
    return tl::unexpected(not_recognised(id + " is no known cause", "known are:" + known));
  }
  return options.format == Format::json ? render_cause_json(report, *cause)
                                        : render_cause(*cause, text_style(options));
}

Expected<std::string> explain_text(const Options& options) {
  Observer observer;
  if (options.subject.size() == 1 && options.subject.front() == "-") {
    if (auto done = read_logs(options.subject, &observer); !done) {
      return tl::unexpected(std::move(done.error()));
    }
  } else {
    std::string text;
    for (const std::string& word : options.subject) {
      if (!text.empty()) text += ' ';
      text += word;
    }
    Observer::InputOptions input;
    input.name = "argument";
    observer.set_mode(InputMode::log, false);
    observer.begin_input(input);
    observer.feed(text);
    observer.end_input();
  }
  const Session session(observer.snapshot());
  const Facts& facts = session.facts();
  if (facts.faults.empty() && facts.foreign_faults.empty() && facts.events.empty() &&
      facts.dom0_errors.empty()) {
    return tl::unexpected(not_recognised(
        "no fault line was recognised",
        "paste the whole line, in quotes: explain '(XEN) smmu: /smmu@fd800000: Unhandled context "
        "fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, cb=0'"));
  }
  return options.format == Format::json
             ? render_explained_json(session.report())
             : render_explained_faults(session.report(), text_style(options));
}

/// The faults at one page, of the input or of the running host, and how their owner was found out.
Expected<std::string> explain_page(Iova address, const Options& options) {
  Observer observer;
  if (auto done = observe_inputs(options, &observer); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  const Session session(observer.snapshot());
  const Frame page = frame_of(address);
  const auto is_there = [&](const FaultGroup& fault) {
    return fault.iova && frame_of(*fault.iova) == page;
  };
  const Facts& facts = session.facts();
  if (std::none_of(facts.faults.begin(), facts.faults.end(), is_there) &&
      std::none_of(facts.foreign_faults.begin(), facts.foreign_faults.end(), is_there)) {
    return tl::unexpected(not_recognised(
        "no fault at the page of " + options.subject.front() + " was seen",
        "check lists the faults; --log and --capture name other inputs than the running host"));
  }
  return options.format == Format::json
             ? render_explained_json(session.report(), page)
             : render_explained_faults(session.report(), text_style(options), page);
}

}  // namespace

Expected<int> explain(const Options& options) {
  const auto id = options.subject.size() == 1 ? cause_id(options.subject.front()) : std::nullopt;
  const auto address = explained_address(options);
  auto text = id        ? explain_cause(*id, options)
              : address ? explain_page(*address, options)
                        : explain_text(options);
  if (!text) return tl::unexpected(std::move(text.error()));
  auto written = write_report(options, *text);
  if (!written) return tl::unexpected(std::move(written.error()));
  return kExitOk;
}

}  // namespace xic::cli
