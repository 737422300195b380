// The physical address map: what lies where, drawn to scale, with granted frames and faults.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "report/describe.h"
#include "report/html/map_scale.h"
#include "report/html/parts.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::html {
namespace {

constexpr double kWidth = 960;
constexpr double kCharWidth = 6.7;  // of an address at 11 px, monospaced
constexpr double kLabelHeight = 14;
constexpr std::size_t kLabelRows = 4;  // Fault addresses above each other; more have none.
constexpr double kBandHeight = 46;
constexpr double kTickHeight = 14;
constexpr std::size_t kMaxLoosePages = 4;  // Pages outside everything known that widen the picture.
constexpr std::size_t kMaxRows = 24;       // Of the table of areas.

std::string size_words(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return fmt::format("{} {}", text, kUnits[unit]);
}

AddressRange page_of(Frame frame) {
  const std::uint64_t begin = address_of(frame).value();
  return {begin, begin + kPageMask + 1, "", ""};
}

bool within(const std::vector<AddressRange>& ranges, std::uint64_t address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.contains(address); });
}

/// One kind of area: its class in the style sheet and what the legend calls it.
struct Kind {
  std::string_view css;
  std::string_view words;
  const std::vector<AddressRange>* ranges;
};

/// A page where devices faulted.
struct FaultPage {
  std::uint64_t address = 0;
  std::uint64_t events = 0;
  std::size_t fault = 0;  // the first group
};

/// Where a fault is drawn.
struct Mark {
  const FaultPage* fault = nullptr;
  double x = 0;
  std::string label;
  double label_x = 0;
  std::size_t row = kLabelRows;  // kLabelRows: no room for the label
};

/// Labels along the axis that do not run over each other.
class AxisLabels {
 public:
  /// Takes [from, from + width) if it is free.
  bool take(double from, double width) {
    const bool free = std::none_of(taken_.begin(), taken_.end(), [&](const auto& other) {
      return from < other.second + 8 && other.first < from + width + 8;
    });
    if (free) taken_.emplace_back(from, from + width);
    return free;
  }

 private:
  std::vector<std::pair<double, double>> taken_;
};

double width_of(const std::string& text) {
  return static_cast<double>(text.size()) * kCharWidth;
}

class MemoryMapPart {
 public:
  MemoryMapPart(const View& view, Writer* page)
      : view_(view), memory_(view.facts().memory), page_(page) {
    // /proc/iomem's RAM stands in where Xen's own lines were not seen.
    const std::vector<AddressRange>& ram =
        memory_.host_ram.empty() ? memory_.kernel_ram : memory_.host_ram;
    kinds_ = {
        {"ram", memory_.host_ram.empty() ? "RAM as dom0's kernel sees it" : "other RAM", &ram},
        {"dom0", "dom0's RAM", &memory_.dom0_banks},
        {"reserved", "reserved", &memory_.reserved},
        {"mmio", "devices", &memory_.devices},
        {"its", "ITS (MSI doorbell)", &memory_.its}};
    collect_faults();
    if (view.facts().latest_dump) collect_grants(*view.facts().latest_dump);
  }

  void write() {
    const bool known = std::any_of(kinds_.begin(), kinds_.end(),
                                   [](const Kind& kind) { return !kind.ranges->empty(); });
    if (!known && faults_.empty()) return;
    const auto section = page_->in("section", {{"aria-labelledby", "map-title"}});
    page_->element("h2", {{"id", "map-title"}}, "Physical address map");
    if (!known) {
      page_->element("p", {{"class", "quiet"}},
                     "The input does not show what lies where, so there is no map. `cat "
                     "/proc/iomem` as root and the boot messages of `xl dmesg` would show it.");
      return;
    }
    draw();
    areas();
  }

 private:
  void collect_faults() {
    std::map<std::uint64_t, FaultPage> pages;
    const std::vector<FaultGroup>& faults = view_.facts().faults;
    for (std::size_t i = 0; i < faults.size(); ++i) {
      if (!faults[i].iova) continue;
      const auto [page, fresh] = pages.try_emplace(frame_of(*faults[i].iova).value(),
                                                   FaultPage{faults[i].iova->value(), 0, i});
      page->second.events += faults[i].count;
    }
    for (const auto& [frame, page] : pages) faults_.push_back(page);
  }

  // Frames that dom0 has mapped from others.
  void collect_grants(const GrantDump& dump) {
    for (const Grant& grant : dump.grants) {
      if (grant.grantee == kDom0 && grant.pin != 0) granted_.push_back(grant.frame);
    }
    std::sort(granted_.begin(), granted_.end());
    granted_.erase(std::unique(granted_.begin(), granted_.end()), granted_.end());
  }

  [[nodiscard]] MapScale scale() const {
    std::vector<AddressRange> ram = *kinds_[0].ranges;
    ram.insert(ram.end(), memory_.dom0_banks.begin(), memory_.dom0_banks.end());
    std::vector<AddressRange> other = memory_.devices;
    other.insert(other.end(), memory_.its.begin(), memory_.its.end());
    // Reserved areas can be as large as the address space: they show where they meet the rest.
    std::size_t loose = 0;
    for (const FaultPage& fault : faults_) {
      if (within(ram, fault.address) || within(other, fault.address)) continue;
      if (loose++ < kMaxLoosePages) other.push_back(page_of(frame_of(Iova{fault.address})));
    }
    return {std::move(ram), std::move(other), kWidth};
  }

  void draw() {
    const MapScale scale = this->scale();
    const std::vector<Mark> marks = place_marks(scale);
    std::size_t rows = 0;
    for (const Mark& mark : marks) {
      if (mark.row < kLabelRows) rows = std::max(rows, mark.row + 1);
    }
    band_top_ = 14 + static_cast<double>(rows) * kLabelHeight;
    const double height = axis_top() + 28;
    {
      const auto figure = page_->in("div", {{"class", "figure"}});
      const auto svg = page_->in(
          "svg", {{"viewBox", fmt::format("-2 0 {} {}", number(std::max(scale.width(), kWidth) + 4),
                                          number(height))},
                  {"role", "img"},
                  {"aria-labelledby", "map-picture map-words"}});
      page_->element("title", {{"id", "map-picture"}}, "Map of physical addresses");
      page_->element("desc", {{"id", "map-words"}}, description());
      for (const Stretch& stretch : scale.stretches()) frame(stretch);
      for (const Kind& kind : kinds_) bands(scale, kind);
      ticks(scale);
      axis(scale);
      for (const Mark& mark : marks) draw_linked(mark);
    }
    legend();
    page_->element("p", {{"class", "quiet"}}, caption(scale));
  }

  [[nodiscard]] double axis_top() const { return band_top_ + kBandHeight + kTickHeight + 14; }

  [[nodiscard]] std::string description() const {
    std::string text = fmt::format(
        "{} of dom0's RAM, {} granted to dom0, {} where devices faulted; ",
        render::counted(memory_.dom0_banks.size(), "bank"),
        render::counted(granted_.size(), "frame"), render::counted(faults_.size(), "page"));
    text += "the tables on this page say the same.";
    return text;
  }

  void frame(const Stretch& stretch) {
    page_->leaf("rect", {{"class", "stretch"},
                         {"x", number(stretch.x)},
                         {"y", number(band_top_)},
                         {"width", number(stretch.width)},
                         {"height", number(kBandHeight)}});
  }

  // A range may span several stretches; what falls into a gap is not drawn.
  void bands(const MapScale& scale, const Kind& kind) {
    for (const AddressRange& range : *kind.ranges) {
      for (const Stretch& stretch : scale.stretches()) {
        const std::uint64_t begin = std::max(range.begin, stretch.begin);
        const std::uint64_t end = std::min(range.end, stretch.end);
        if (begin >= end) continue;
        const double from = scale.x(begin).value_or(0);
        // Within one stretch: the same address can also begin the next.
        const double to = stretch.x + static_cast<double>(end - stretch.begin) /
                                          static_cast<double>(stretch.end - stretch.begin) *
                                          stretch.width;
        const auto area = page_->in("rect", {{"class", std::string(kind.css)},
                                             {"x", number(from)},
                                             {"y", number(band_top_)},
                                             {"width", number(std::max(to - from, 0.8))},
                                             {"height", number(kBandHeight)}});
        page_->element("title", fmt::format("{}: {} to {}, {}", render::outside(range.name),
                                            render::hex(range.begin), render::hex(range.end - 1),
                                            size_words(range.end - range.begin)));
      }
    }
  }

  // Granted frames, below the band. Neighbours closer than a hair are one.
  void ticks(const MapScale& scale) {
    double last = -1;
    for (const Frame frame : granted_) {
      const auto x = scale.x(address_of(frame).value());
      if (!x || (last >= 0 && *x - last < 0.5)) continue;
      last = *x;
      page_->leaf("rect", {{"class", "granted"},
                           {"x", number(*x - 0.7)},
                           {"y", number(band_top_ + kBandHeight + 2)},
                           {"width", "1.4"},
                           {"height", number(kTickHeight)}});
    }
  }

  void axis(const MapScale& scale) {
    const std::vector<Stretch>& stretches = scale.stretches();
    AxisLabels labels;
    // RAM is what one looks for: its ends are named first, the rest where there is room.
    for (const bool to_scale : {true, false}) {
      for (const Stretch& s : stretches) {
        if (s.to_scale == to_scale) axis_begin(s, &labels);
      }
      for (const Stretch& s : stretches) {
        if (s.to_scale && to_scale) axis_end(s, &labels);
      }
    }
    for (std::size_t i = 1; i < stretches.size(); ++i) {
      const double from = stretches[i - 1].x + stretches[i - 1].width;
      if (stretches[i].x - from < 1) continue;
      const auto gap = page_->in("text", {{"class", "gap"},
                                          {"x", number((from + stretches[i].x) / 2)},
                                          {"y", number(band_top_ + kBandHeight / 2 + 5)}});
      page_->text("⋯");
      page_->element("title", "left out: " + size_words(stretches[i].begin - stretches[i - 1].end));
    }
  }

  void axis_begin(const Stretch& s, AxisLabels* labels) {
    const std::string address = render::hex(s.begin);
    const std::string size = size_words(s.end - s.begin) + (s.to_scale ? "" : " *");
    const double width = std::max(width_of(address), width_of(size));
    const double from = std::min(s.x, kWidth - width);
    if (!labels->take(from, width)) return;
    axis_line(s.x);
    axis_text("address", "start", from, 8, address);
    axis_text("size", "start", from, 22, size);
  }

  void axis_end(const Stretch& s, AxisLabels* labels) {
    const std::string address = render::hex(s.end);
    const double right = s.x + s.width;
    if (!labels->take(right - width_of(address), width_of(address))) return;
    axis_line(right);
    axis_text("address", "end", right, 8, address);
  }

  void axis_line(double x) {
    page_->leaf("line", {{"class", "axis"},
                         {"x1", number(x)},
                         {"x2", number(x)},
                         {"y1", number(band_top_)},
                         {"y2", number(axis_top() - 4)}});
  }

  void axis_text(std::string_view css, std::string_view anchor, double x, double below,
                 const std::string& text) {
    page_->element("text",
                   {{"class", std::string(css)},
                    {"x", number(x)},
                    {"y", number(axis_top() + below)},
                    {"text-anchor", std::string(anchor)}},
                   text);
  }

  // Fault pages: a pointer on the band, its address above where there is room.
  [[nodiscard]] std::vector<Mark> place_marks(const MapScale& scale) {
    std::vector<Mark> marks;
    std::array<double, kLabelRows> used;
    used.fill(-1e9);
    for (const FaultPage& fault : faults_) {
      const auto x = scale.x(fault.address);
      if (!x) {
        ++outside_;
        continue;
      }
      Mark mark{&fault, *x, render::hex(fault.address), 0, 0};
      if (fault.events > 1) mark.label += fmt::format(" x{}", fault.events);
      const double width = width_of(mark.label);
      mark.label_x = std::clamp(*x - width / 2, 0.0, std::max(kWidth - width, 0.0));
      while (mark.row < kLabelRows && used[mark.row] > mark.label_x - 8) ++mark.row;
      if (mark.row < kLabelRows) used[mark.row] = mark.label_x + width;
      marks.push_back(std::move(mark));
    }
    return marks;
  }

  void draw_linked(const Mark& mark) {
    const std::string target = view_.link(mark.fault->fault);
    if (target.empty()) return draw_mark(mark);
    const auto link = page_->in("a", {{"href", target}});
    draw_mark(mark);
  }

  void draw_mark(const Mark& mark) {
    const auto group = page_->in("g", {{"class", "fault"}});
    page_->element("title", fmt::format("fault at {}, {}", render::hex(mark.fault->address),
                                        render::counted(mark.fault->events, "event")));
    double top = band_top_ - 8;
    if (mark.row < kLabelRows) {
      const double label_y = band_top_ - 12 - static_cast<double>(mark.row) * kLabelHeight;
      page_->element("text", {{"x", number(mark.label_x)}, {"y", number(label_y)}}, mark.label);
      top = label_y + 3;
    }
    page_->leaf("line", {{"x1", number(mark.x)},
                         {"x2", number(mark.x)},
                         {"y1", number(top)},
                         {"y2", number(band_top_ + kBandHeight)}});
    page_->leaf("path",
                {{"d", fmt::format("M{} {}l-4.5 -8h9z", number(mark.x), number(band_top_))}});
  }

  [[nodiscard]] std::string caption(const MapScale& scale) const {
    std::string text;
    if (scale.bytes_per_unit() > 0) {
      text =
          fmt::format("RAM is drawn to one scale: a tenth of the width is {}.",
                      size_words(static_cast<std::uint64_t>(scale.bytes_per_unit() * kWidth / 10)));
    }
    const std::vector<Stretch>& all = scale.stretches();
    if (std::any_of(all.begin(), all.end(), [](const Stretch& s) { return !s.to_scale; })) {
      text += " Devices, single pages and small RAM (*) are not to scale.";
    }
    if (all.size() > 1) text += " ⋯ stands for addresses that are left out.";
    if (outside_ > 0) {
      text += fmt::format(
          " {} outside the picture.",
          outside_ == 1 ? "1 faulting page lies" : fmt::format("{} faulting pages lie", outside_));
    }
    return text;
  }

  void legend() {
    const auto list = page_->in("ul", {{"class", "legend"}});
    const auto entry = [&](std::string_view css, const std::string& words) {
      const auto item = page_->in("li");
      page_->element("span", {{"class", fmt::format("swatch {}", css)}, {"aria-hidden", "true"}},
                     "");
      page_->text(words);
    };
    for (const Kind& kind : kinds_) {
      if (!kind.ranges->empty()) entry(kind.css, std::string(kind.words));
    }
    if (!granted_.empty()) {
      entry("granted", fmt::format("{} granted to dom0 ('g' dump)",
                                   render::counted(granted_.size(), "frame")));
    }
    if (!faults_.empty()) {
      entry("fault",
            fmt::format("{} where a device faulted", render::counted(faults_.size(), "page")));
    }
  }

  void areas() {
    const auto details = page_->in("details", {{"class", "areas"}});
    page_->element("summary", "All areas with their sources");
    const auto table = page_->in("table");
    write_table_head({"area", "from", "to", "size", "source"}, page_);
    const auto body = page_->in("tbody");
    for (const Kind& kind : kinds_) {
      std::size_t rows = 0;
      for (const AddressRange& range : *kind.ranges) {
        const auto row = page_->in("tr");
        if (rows++ >= kMaxRows) {
          page_->element("td", {{"colspan", "5"}},
                         fmt::format("and {} more of this kind (--json, /proc/iomem)",
                                     kind.ranges->size() - kMaxRows));
          break;
        }
        {
          const auto cell = page_->in("td");
          page_->element(
              "span",
              {{"class", fmt::format("swatch {}", kind.css)}, {"title", std::string(kind.words)}},
              "");
          page_->text(render::outside(range.name));
        }
        page_->element("td", {{"class", "hex"}}, render::hex(range.begin));
        page_->element("td", {{"class", "hex"}}, render::hex(range.end - 1));
        page_->element("td", size_words(range.end - range.begin));
        page_->element("td", render::outside(range.source, 80));
      }
    }
  }

  const View& view_;
  const MemoryMap& memory_;
  Writer* page_;
  std::vector<Kind> kinds_;
  std::vector<FaultPage> faults_;
  std::vector<Frame> granted_;
  double band_top_ = 0;
  std::uint64_t outside_ = 0;  // faulting pages that found no place; counted while drawing
};

}  // namespace

void write_memory_map(const View& view, Writer* page) {
  MemoryMapPart(view, page).write();
}

}  // namespace xic::html
