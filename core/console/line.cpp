#include "core/console/line.h"

#include <algorithm>
#include <array>

#include "core/console/log_prefix.h"
#include "core/console/message_splitter.h"
#include "core/console/reader.h"

namespace xic {
namespace {

constexpr std::string_view kXenTag = "(XEN)";

/// How messages of the IOMMU drivers begin that are looked for where Xen lost the prefix.
constexpr std::array<std::string_view, 5> kDriverNames = {
    "smmu: ", "SMMUv3: ", "ipmmu: ", "AMD-Vi: ", "[VT-D]"};

bool begins_with_driver(std::string_view text) {
  return std::any_of(kDriverNames.begin(), kDriverNames.end(),
                     [&](std::string_view name) { return text.starts_with(name); });
}

/// Xen prints "(XEN) "; the blank is lost where an editor trimmed an empty message.
bool is_xen_tag(std::string_view text) {
  return text.starts_with(kXenTag) &&
         (text.size() == kXenTag.size() || text[kXenTag.size()] == ' ');
}

/// "<2>smmu: ...": a message that went on in a line which another had left open. The level, which
/// Xen takes off at the start of a line only, stands in the text.
bool is_glued_message(std::string_view text) {
  constexpr std::size_t kLevel = 3;
  return text.size() > kLevel && text[0] == '<' && text[1] >= '0' && text[1] <= '7' &&
         text[2] == '>' && begins_with_driver(text.substr(kLevel));
}

std::string_view without_leading_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

}  // namespace

std::string_view strip_quotes(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  for (;;) {
    const std::string_view rest = without_leading_blanks(line);
    if (!rest.starts_with('>')) return line;
    line = rest.substr(1);
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
}

bool begins_message(std::string_view line) {
  const LogPrefix prefix = parse_log_prefix(line);
  if (prefix.stamped) return true;
  std::string_view text = line.substr(prefix.length);
  return is_xen_tag(text) || begins_with_driver(text) || is_glued_message(text) ||
         take_linux_timestamp(&text).clock != Clock::none;
}

MessageSplitter::MessageSplitter(std::string_view physical_line)
    : raw_(strip_quotes(physical_line)) {}

/// The next place at or behind `from` where a message begins in mid-line; the line's end if none
/// does. The place of the next "(XEN)" is kept from call to call, and levels are looked for only
/// before it: no byte is looked at more than a few times.
std::size_t MessageSplitter::next_boundary(std::size_t from) {
  if (!looked_for_xen_ || next_xen_ < from) {
    looked_for_xen_ = true;
    next_xen_ = from;
    for (;; ++next_xen_) {
      next_xen_ = std::min(raw_.find('(', next_xen_), raw_.size());
      if (next_xen_ == raw_.size() || is_xen_tag(raw_.substr(next_xen_))) break;
    }
  }
  const std::string_view before_xen = raw_.substr(0, next_xen_);
  for (std::size_t at = from;; ++at) {
    at = before_xen.find('<', at);
    if (at == std::string_view::npos) return next_xen_;
    if (is_glued_message(before_xen.substr(at))) return at;
  }
}

bool MessageSplitter::next(Line* line) {
  while (!at_end()) {
    const bool at_front = at_ == 0;
    const LogPrefix prefix = at_front ? parse_log_prefix(raw_) : LogPrefix{};
    std::string_view rest = raw_.substr(at_ + prefix.length);
    line->raw = raw_;
    line->mid_line = !at_front;
    line->time = {};
    if (is_xen_tag(rest)) {
      line->speaker = Speaker::xen;
      rest.remove_prefix(std::min(rest.size(), kXenTag.size() + 1));
      line->time = take_xen_timestamp(&rest);
    } else if (is_glued_message(rest)) {
      // At the front of a line nothing says that Xen printed it.
      line->speaker = after_xen_ && !at_front ? Speaker::xen : Speaker::unknown;
      rest.remove_prefix(3);
    } else {
      line->time = take_linux_timestamp(&rest);
      const bool uptime = line->time.clock != Clock::none;
      if (uptime) strip_host_and_kernel(&rest);
      line->speaker = prefix.kernel || uptime ? Speaker::dom0_kernel : Speaker::unknown;
    }
    const auto begin = static_cast<std::size_t>(rest.data() - raw_.data());
    const std::size_t end = next_boundary(begin);
    line->text = raw_.substr(begin, end - begin);
    if (line->speaker == Speaker::unknown) line->text = without_leading_blanks(line->text);
    at_ = end;
    after_xen_ = line->speaker == Speaker::xen;
    if (!line->text.empty()) return true;
  }
  return false;
}

void split_messages(std::string_view physical_line,
                    const std::function<void(const Line&)>& deliver) {
  MessageSplitter splitter(physical_line);
  Line line;
  while (splitter.next(&line)) deliver(line);
}

}  // namespace xic
