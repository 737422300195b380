#include "report/html/map_scale.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace xic::html {
namespace {

struct Span {
  std::uint64_t begin, end;
};

/// Sorted spans; those nearer to each other than `gap` are one.
std::vector<Span> joined(std::vector<Span> spans, std::uint64_t gap) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> out;
  for (const Span& span : spans) {
    if (!out.empty() && (span.begin <= out.back().end || span.begin - out.back().end <= gap)) {
      out.back().end = std::max(out.back().end, span.end);
    } else {
      out.push_back(span);
    }
  }
  return out;
}

/// Joins the neighbours with the smallest gap until at most `most` are left.
void reduce(std::vector<Span>* spans, std::size_t most) {
  while (spans->size() > most) {
    std::size_t best = 1;
    const auto gap = [&](std::size_t i) { return (*spans)[i].begin - (*spans)[i - 1].end; };
    for (std::size_t i = 2; i < spans->size(); ++i) {
      if (gap(i) < gap(best)) best = i;
    }
    (*spans)[best - 1].end = (*spans)[best].end;
    spans->erase(spans->begin() + static_cast<std::ptrdiff_t>(best));
  }
}

std::vector<Span> spans_of(const std::vector<AddressRange>& ranges) {
  std::vector<Span> out;
  for (const AddressRange& range : ranges) {
    if (range.begin < range.end) out.push_back({range.begin, range.end});
  }
  return out;
}

std::uint64_t total(const std::vector<Span>& spans) {
  return std::accumulate(spans.begin(), spans.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Span& s) { return sum + (s.end - s.begin); });
}

/// What of `span` lies outside of all `holes` (sorted, apart).
std::vector<Span> without(Span span, const std::vector<Span>& holes) {
  std::vector<Span> out;
  for (const Span& hole : holes) {
    if (hole.end <= span.begin || hole.begin >= span.end) continue;
    if (hole.begin > span.begin) out.push_back({span.begin, hole.begin});
    if (hole.end >= span.end) return out;
    span.begin = hole.end;
  }
  out.push_back(span);
  return out;
}

}  // namespace

MapScale::MapScale(const std::vector<AddressRange>& ram, const std::vector<AddressRange>& other,
                   double width) {
  // A hole in the RAM that is small beside it is drawn to scale as well.
  std::vector<Span> with_ram = joined(spans_of(ram), 0);
  const std::uint64_t near = total(with_ram) / 12;
  with_ram = joined(std::move(with_ram), near);
  // A page just outside the RAM, as far as that is known, belongs to its picture.
  std::vector<Span> near_ram = with_ram;
  for (const Span& span : spans_of(other)) {
    const bool close = std::any_of(with_ram.begin(), with_ram.end(), [&](const Span& r) {
      return span.end - span.begin <= near && span.end >= r.begin - std::min(near, r.begin) &&
             span.begin - std::min(near, span.begin) <= r.end;
    });
    if (close) near_ram.push_back(span);
  }
  with_ram = joined(std::move(near_ram), near);
  reduce(&with_ram, kMaxRam);

  std::vector<Span> rest;
  for (const Span& span : spans_of(other)) {
    for (const Span& piece : without(span, with_ram)) rest.push_back(piece);
  }
  // Devices a few pages apart are one area.
  constexpr std::uint64_t kNearDevices = 16 << 20;
  rest = joined(std::move(rest), kNearDevices);
  // Joining may have bridged RAM; cut again.
  std::vector<Span> apart;
  for (const Span& span : rest) {
    for (const Span& piece : without(span, with_ram)) apart.push_back(piece);
  }
  if (apart.size() > kMaxOther) {
    reduce(&apart, kMaxOther);
    std::vector<Span> cut;
    for (const Span& span : apart) {
      for (const Span& piece : without(span, with_ram)) cut.push_back(piece);
    }
    apart = std::move(cut);
  }

  std::vector<std::pair<Span, bool>> all;
  all.reserve(with_ram.size() + apart.size());
  for (const Span& span : with_ram) all.emplace_back(span, true);
  for (const Span& span : apart) all.emplace_back(span, false);
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.first.begin < b.first.begin; });
  std::vector<bool> has_ram;
  for (const auto& [span, is_ram] : all) {
    stretches_.push_back({span.begin, span.end, 0, 0, false});
    has_ram.push_back(is_ram);
  }
  lay_out(width, has_ram);
}

void MapScale::lay_out(double width, const std::vector<bool>& has_ram) {
  double room = width;
  double bytes = 0;
  for (std::size_t i = 0; i < stretches_.size(); ++i) {
    const Stretch& s = stretches_[i];
    if (i > 0 && stretches_[i - 1].end != s.begin) room -= kGap;
    if (has_ram[i]) {
      bytes += static_cast<double>(s.end - s.begin);
      stretches_[i].to_scale = true;
    } else {
      stretches_[i].width = kFixed;
      room -= kFixed;
    }
  }
  // Widening a small stretch takes room from the others, which may make another one small.
  bool again = true;
  while (again) {
    again = false;
    bytes_per_unit_ = room > 0 ? bytes / room : 0;
    for (Stretch& s : stretches_) {
      if (!s.to_scale) continue;
      const auto size = static_cast<double>(s.end - s.begin);
      if (bytes_per_unit_ > 0 && size / bytes_per_unit_ >= kLeast) {
        s.width = size / bytes_per_unit_;
        continue;
      }
      s.to_scale = false;
      s.width = kLeast;
      room -= kLeast;
      bytes -= size;
      again = true;
      break;
    }
  }
  double x = 0;
  for (std::size_t i = 0; i < stretches_.size(); ++i) {
    if (i > 0 && stretches_[i - 1].end != stretches_[i].begin) x += kGap;
    stretches_[i].x = x;
    x += stretches_[i].width;
  }
}

double MapScale::width() const {
  return stretches_.empty() ? 0 : stretches_.back().x + stretches_.back().width;
}

std::optional<double> MapScale::x(std::uint64_t address) const {
  for (const Stretch& s : stretches_) {
    if (address < s.begin || address > s.end) continue;
    const double part =
        static_cast<double>(address - s.begin) / static_cast<double>(s.end - s.begin);
    return s.x + part * s.width;
  }
  return std::nullopt;
}

}  // namespace xic::html
