#include "core/hypervisor/xl_info.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

/// Every field of Xen 4.4 to 4.20 (tools/xl/xl_info.c), sorted.
constexpr std::array<std::string_view, 38> kKeys = {"arm_sve_vector_length",
                                                    "build_id",
                                                    "cc_compile_by",
                                                    "cc_compile_date",
                                                    "cc_compile_domain",
                                                    "cc_compiler",
                                                    "cores_per_socket",
                                                    "cpu_mhz",
                                                    "free_cpus",
                                                    "free_memory",
                                                    "host",
                                                    "hw_caps",
                                                    "machine",
                                                    "max_cpu_id",
                                                    "nr_cpus",
                                                    "nr_nodes",
                                                    "numa_info",
                                                    "outstanding_claims",
                                                    "platform_params",
                                                    "release",
                                                    "sharing_freed_memory",
                                                    "sharing_used_memory",
                                                    "threads_per_core",
                                                    "total_memory",
                                                    "version",
                                                    "virt_caps",
                                                    "xen_caps",
                                                    "xen_changeset",
                                                    "xen_commandline",
                                                    "xen_extra",
                                                    "xen_major",
                                                    "xen_minor",
                                                    "xen_pagesize",
                                                    "xen_scheduler",
                                                    "xen_version",
                                                    "xend_config_format",
                                                    "xsm_enabled",
                                                    "xsm_mode"};

constexpr bool is_key_char(char c) {
  return scan::is_alnum(c) || c == '_';
}

/// Words that other texts use before a colon, too: only in xl's own columns ("%-23s: ").
bool needs_columns(std::string_view key) {
  return key.find('_') == std::string_view::npos;
}

/// Takes "key   :" off the front.
std::optional<std::string_view> take_key(std::string_view* text) {
  std::size_t end = 0;
  while (end < text->size() && is_key_char((*text)[end])) ++end;
  const std::string_view key = text->substr(0, end);
  if (!std::binary_search(kKeys.begin(), kKeys.end(), key)) return std::nullopt;
  std::size_t colon = end;
  while (colon < text->size() && (*text)[colon] == ' ') ++colon;
  if (colon >= text->size() || (*text)[colon] != ':') return std::nullopt;
  if (needs_columns(key) && colon != 23) return std::nullopt;
  text->remove_prefix(colon + 1);
  return key;
}

}  // namespace

bool may_wrap(std::string_view key) {
  return key == "virt_caps" || key == "xen_changeset" || key == "xen_commandline";
}

std::optional<XlInfoField> take_xl_info_field(std::string_view* text) {
  std::string_view rest = scan::trim_front(*text);
  const auto key = take_key(&rest);
  if (!key) return std::nullopt;
  XlInfoField field{*key, scan::trim(rest), false};
  for (std::size_t at = rest.find(':'); at != std::string_view::npos; at = rest.find(':', at + 1)) {
    // Back over the padding and the word before the colon.
    std::size_t begin = at;
    while (begin > 0 && rest[begin - 1] == ' ') --begin;
    while (begin > 0 && is_key_char(rest[begin - 1])) --begin;
    if (begin == 0 || rest[begin - 1] != ' ') continue;
    std::string_view next = rest.substr(begin);
    if (!take_key(&next)) continue;
    field.value = scan::trim(rest.substr(0, begin));
    field.bounded = true;
    *text = rest.substr(begin);
    return field;
  }
  *text = {};
  return field;
}

}  // namespace xic
