#include "core/hypervisor/tool_lines.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "core/hypervisor/banner.h"
#include "core/hypervisor/command_line.h"
#include "core/hypervisor/xenver.h"
#include "core/scan.h"

namespace xic {
namespace {

constexpr std::string_view kFromXlInfo = "xl info";

/// No mailer wraps a line shorter than this.
constexpr std::size_t kWrapsFrom = 50;

}  // namespace

Consumed ToolLines::consume(const Line& line, bool last_chance) {
  if (const Consumed done = read_xl_info(line, last_chance); done != Consumed::no) return done;
  const auto entry = parse_tree_entry(line.text);
  if (!entry) return Consumed::no;
  read_tree(line, *entry);
  return Consumed::yes;
}

Consumed ToolLines::read_xl_info(const Line& line, bool last_chance) {
  std::string_view text = line.text;
  bool any = false;
  std::optional<XlInfoField> last;
  while (const auto field = take_xl_info_field(&text)) {
    any = true;
    last = field;
    read_xl_field(line, *field);
  }
  if (!any) return Consumed::no;
  const bool ask = !last_chance && may_wrap(last->key) && line.raw.size() >= kWrapsFrom;
  return ask ? Consumed::needs_more : Consumed::yes;
}

void ToolLines::read_xl_field(const Line& line, const XlInfoField& field) {
  const auto& [key, value, bounded] = field;
  const Origin origin = answered(line);
  if (key.starts_with("xen_")) store_.seen = true;
  if (key == "xen_version") {
    if (auto found = parse_version(value)) {
      store_.offer_version(std::move(*found), kFromXlInfo, origin);
    }
  } else if (key == "xen_major") {
    store_.offer_version_part(VersionPart::major, value, kFromXlInfo, origin);
  } else if (key == "xen_minor") {
    store_.offer_version_part(VersionPart::minor, value, kFromXlInfo, origin);
  } else if (key == "xen_extra") {
    store_.offer_version_part(VersionPart::extra, value, kFromXlInfo, origin);
  } else if (key == "xen_caps") {
    offer_capabilities(value, "xl info: xen_caps", origin, &store_);
  } else if (key == "machine") {
    if (const auto arch = arch_of(value)) {
      store_.arch.offer(*arch, "xl info: machine", answered(line, Rank::derived));
    }
  } else if (key == "virt_caps") {
    store_.virt_caps.offer(bounded_copy(value), "xl info: virt_caps", origin);
  } else if (key == "xen_changeset") {
    offer_changeset(value, "xl info: xen_changeset", origin, &store_);
  } else if (key == "xen_commandline") {
    offer_command_line(value, "xl info: xen_commandline", origin, &store_);
  } else if (key == "cc_compile_by") {
    offer_compile_by(value, kFromXlInfo, answered(line, Rank::derived), &store_);
  } else if (key == "build_id") {
    store_.build_id.offer(bounded_copy(value), kFromXlInfo, origin);
  } else if (key == "release") {
    store_.dom0_kernel.offer(bounded_copy(value), kFromXlInfo, origin);
  }
}

void ToolLines::read_tree(const Line& line, const TreeEntry& entry) {
  store_.seen = true;
  const Origin origin = answered(line);
  const std::string_view value = entry.value;
  const std::string_view source = entry.hypfs ? "hypfs" : "/sys/hypervisor";
  switch (entry.node) {
    case TreeEntry::Node::major:
      store_.offer_version_part(VersionPart::major, value, source, origin);
      break;
    case TreeEntry::Node::minor:
      store_.offer_version_part(VersionPart::minor, value, source, origin);
      break;
    case TreeEntry::Node::extra:
      store_.offer_version_part(VersionPart::extra, value, source, origin);
      break;
    case TreeEntry::Node::changeset:
      offer_changeset(value, source, origin, &store_);
      break;
    case TreeEntry::Node::features:
      if (const auto words = parse_feature_words(value)) {
        store_.features.offer(*words, source, origin);
      }
      break;
    case TreeEntry::Node::build_id:
      store_.build_id.offer(bounded_copy(value), source, origin);
      break;
    case TreeEntry::Node::capabilities:
      offer_capabilities(value, source, origin, &store_);
      break;
    case TreeEntry::Node::compiler:
      if (const auto arch = arch_of(value)) {
        store_.arch.offer(*arch, source, answered(line, Rank::derived));
      }
      break;
    case TreeEntry::Node::compile_by:
      offer_compile_by(value, source, answered(line, Rank::derived), &store_);
      break;
    case TreeEntry::Node::loglvl:
      if (auto words = log_level_in_words(value)) {
        store_.log_level.offer(std::move(*words), "hypfs: /params/loglvl", origin);
      }
      break;
    case TreeEntry::Node::other:
      break;
  }
}

}  // namespace xic
