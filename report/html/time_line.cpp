// When what happened, one drawing per clock: times of different clocks cannot be compared.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "report/describe.h"
#include "report/html/parts.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::html {
namespace {

constexpr double kWidth = 960;
constexpr double kLeft = 150;  // where the lanes' names end
constexpr double kRight = kWidth - 16;
constexpr double kLaneHeight = 30;
constexpr double kTop = 8;
constexpr std::size_t kMaxMarks = 400;  // Of one lane.

enum class Lane : std::uint8_t { fault, dom0_error, dump, message };
constexpr std::array<Lane, 4> kLanes{Lane::fault, Lane::dom0_error, Lane::dump, Lane::message};

std::string_view words(Lane lane) {
  switch (lane) {
    case Lane::fault:
      return "faults";
    case Lane::dom0_error:
      return "dom0 errors";
    case Lane::dump:
      return "grant dumps";
    case Lane::message:
      return "Xen's messages";
  }
  return "";
}

std::string_view css(Lane lane) {
  switch (lane) {
    case Lane::fault:
      return "mark fault";
    case Lane::dom0_error:
      return "mark error";
    case Lane::dump:
      return "mark granted";
    case Lane::message:
      return "mark message";
  }
  return "";
}

struct Happening {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string words;
  std::string link;  // "#fault-1", or ""
};

// A clock starts anew with every boot, except for the calendar's.
using ClockOfBoot = std::tuple<Clock, std::uint32_t>;
using Lanes = std::map<Lane, std::vector<Happening>>;

std::string_view title(Clock clock) {
  switch (clock) {
    case Clock::xen_boot:
      return "Xen's clock, seconds since Xen started";
    case Clock::xen_wall:
      return "Xen's clock, UTC";
    case Clock::xen_cycles:
      return "Xen's raw counter";
    case Clock::dom0_uptime:
      return "dom0's clock, seconds since its kernel started";
    case Clock::none:
      break;
  }
  return "";
}

std::string span_words(Clock clock, std::uint64_t span) {
  if (clock == Clock::xen_cycles) return fmt::format("{} counts", span);
  const double seconds = static_cast<double>(span) / 1e9;
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 600) return fmt::format("{:.1f} s", seconds);
  if (seconds < 86400) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} days", seconds / 86400);
}

class TimeLinePart {
 public:
  TimeLinePart(const View& view, Writer* page) : view_(view), page_(page) {
    collect_faults();
    collect_dumps();
    for (const Dom0Error& error : view.facts().dom0_errors) {
      add(Lane::dom0_error, error.boot, error.uptime, error.uptime,
          render::dom0_error_words(error));
    }
    for (const HypervisorEvent& event : view.facts().events) {
      add(Lane::message, event.boot, event.time, event.time, render::outside(event.message, 120));
    }
  }

  void write() {
    if (clocks_.empty() && without_time_ == 0) return;
    const auto section = page_->in("section", {{"aria-labelledby", "time-title"}});
    page_->element("h2", {{"id", "time-title"}}, "Time line");
    for (const auto& [clock, lanes] : clocks_) draw(clock, lanes);
    std::string note;
    if (without_time_ > 0) {
      note = without_time_ == 1
                 ? "One event carries no time (console_timestamps=boot on Xen's command line "
                   "gives them one)."
                 : fmt::format(
                       "{} events carry no time (console_timestamps=boot on Xen's command "
                       "line gives them one).",
                       without_time_);
    }
    if (clocks_.size() > 1) {
      note += note.empty() ? "" : " ";
      note += "Times of different clocks or boots cannot be compared; each has its own axis.";
    }
    if (!note.empty()) page_->element("p", {{"class", "quiet"}}, note);
  }

 private:
  void add(Lane lane, std::uint32_t boot, Timestamp from, Timestamp to, std::string words,
           std::string link = {}) {
    if (from.clock == Clock::none) {
      ++without_time_;
      return;
    }
    if (to.clock != from.clock || to.value < from.value) to = from;
    const ClockOfBoot clock{from.clock, from.clock == Clock::xen_wall ? 0 : boot};
    clocks_[clock][lane].push_back({from.value, to.value, std::move(words), std::move(link)});
  }

  void collect_faults() {
    const std::vector<FaultGroup>& faults = view_.facts().faults;
    for (std::size_t i = 0; i < faults.size(); ++i) {
      add(Lane::fault, faults[i].boot, faults[i].first, faults[i].last,
          fmt::format("{} ({})", render::fault_words(faults[i]), render::fault_place(faults[i])),
          view_.link(i));
    }
  }

  // The latest dump is at hand whole; of earlier ones what faults remember.
  void collect_dumps() {
    std::map<std::tuple<Clock, std::uint32_t, std::uint64_t>, Timestamp> dumps;
    const auto remember = [&](const GrantSighting& seen, std::uint32_t boot) {
      if (!seen.asked) return;
      dumps[{seen.dump_time.clock, boot, seen.dump_time.value}] = seen.dump_time;
    };
    for (const FaultGroup& fault : view_.facts().faults) {
      remember(fault.before, fault.boot);
      remember(fault.after, fault.boot);
    }
    if (const auto& latest = view_.facts().latest_dump) {
      dumps.erase({latest->begin_time.clock, latest->boot, latest->begin_time.value});
      add(Lane::dump, latest->boot, latest->begin_time, latest->end_time,
          fmt::format("{} grant dump, {}", latest->complete() ? "complete" : "damaged",
                      render::counted(latest->grants.size(), "grant")));
    }
    for (const auto& [key, time] : dumps) {
      add(Lane::dump, std::get<1>(key), time, time, "complete grant dump");
    }
  }

  void draw(const ClockOfBoot& clock, const Lanes& lanes) {
    const auto [kind, boot] = clock;
    std::string heading(title(kind));
    if (view_.facts().last_boot > 0 && kind != Clock::xen_wall) {
      heading += fmt::format(", boot {} of {}", boot + 1, view_.facts().last_boot + 1);
    }
    page_->element("h3", heading);
    std::uint64_t begin = ~std::uint64_t{0};
    std::uint64_t end = 0;
    for (const auto& [lane, happenings] : lanes) {
      for (const Happening& h : happenings) {
        begin = std::min(begin, h.from);
        end = std::max(end, h.to);
      }
    }
    const double axis = kTop + kLaneHeight * static_cast<double>(lanes.size());
    const auto figure = page_->in("div", {{"class", "figure"}});
    const auto svg = page_->in("svg", {{"viewBox", fmt::format("0 0 {} {}", kWidth, axis + 26)},
                                       {"role", "img"},
                                       {"aria-label", heading}});
    double y = kTop;
    for (const Lane lane : kLanes) {
      const auto found = lanes.find(lane);
      if (found == lanes.end()) continue;
      draw_lane(lane, found->second, begin, end, y);
      y += kLaneHeight;
    }
    draw_axis(kind, begin, end, axis);
  }

  void draw_lane(Lane lane, const std::vector<Happening>& happenings, std::uint64_t begin,
                 std::uint64_t end, double y) {
    const double middle = y + kLaneHeight / 2;
    page_->element("text", {{"class", "lane"}, {"x", "0"}, {"y", number(middle + 4)}},
                   fmt::format("{} ({})", words(lane), happenings.size()));
    page_->leaf("line", {{"class", "axis"},
                         {"x1", number(kLeft)},
                         {"x2", number(kRight)},
                         {"y1", number(middle)},
                         {"y2", number(middle)}});
    // A single moment stands in the middle.
    const auto place = [&](std::uint64_t time) {
      if (end == begin) return (kLeft + kRight) / 2;
      return kLeft + (kRight - kLeft) *
                         (static_cast<double>(time - begin) / static_cast<double>(end - begin));
    };
    for (std::size_t i = 0; i < std::min(happenings.size(), kMaxMarks); ++i) {
      const Happening& h = happenings[i];
      if (h.link.empty()) {
        mark(lane, h, place(h.from), place(h.to), middle);
      } else {
        const auto link = page_->in("a", {{"href", h.link}});
        mark(lane, h, place(h.from), place(h.to), middle);
      }
    }
  }

  void mark(Lane lane, const Happening& h, double from, double to, double middle) {
    constexpr double kLeast = 5;
    if (to - from < kLeast) {
      from = (from + to - kLeast) / 2;
      to = from + kLeast;
    }
    const auto area = page_->in("rect", {{"class", std::string(css(lane))},
                                         {"x", number(from)},
                                         {"y", number(middle - 8)},
                                         {"width", number(to - from)},
                                         {"height", "16"},
                                         {"rx", "2"}});
    page_->element("title", h.words);
  }

  void draw_axis(Clock clock, std::uint64_t begin, std::uint64_t end, double y) {
    const auto label = [&](double x, std::string_view anchor, const std::string& text) {
      page_->element("text",
                     {{"class", "address"},
                      {"x", number(x)},
                      {"y", number(y + 16)},
                      {"text-anchor", std::string(anchor)}},
                     text);
    };
    if (end == begin) {
      label((kLeft + kRight) / 2, "middle", render::time_value({clock, begin}));
      return;
    }
    label(kLeft, "start", render::time_value({clock, begin}));
    label((kLeft + kRight) / 2, "middle", "← " + span_words(clock, end - begin) + " →");
    label(kRight, "end", render::time_value({clock, end}));
  }

  const View& view_;
  Writer* page_;
  std::map<ClockOfBoot, Lanes> clocks_;
  std::uint64_t without_time_ = 0;
};

}  // namespace

void write_time_line(const View& view, Writer* page) {
  TimeLinePart(view, page).write();
}

}  // namespace xic::html
