#include "host/live/xenver.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "host/live/failure.h"
#include "host/live/hex.h"
#include "host/live/told.h"
#include "host/live/xen/interface.h"

namespace xic {
namespace {

template <class T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

std::string text_of(std::span<const char> field) {
  return {field.begin(), std::find(field.begin(), field.end(), '\0')};
}

/// One whose argument is a field of `Size` characters, cut where it is longer.
template <std::size_t Size>
std::optional<std::string> short_text(XenCall& call, VersionOp op) {
  std::array<char, Size> field{};
  if (!call.version(op, bytes_of(field))) return std::nullopt;
  return told(text_of(field));
}

/// One whose argument is a length and that many bytes (struct xen_build_id, and struct xen_varbuf
/// of 4.20): those bytes.
std::optional<std::string> sized_bytes(XenCall& call, VersionOp op) {
  constexpr long kMost = XenCall::kMaxArgument - sizeof(std::uint32_t);
  const XenCall::Answer size = call.version(op, {});
  if (!size || *size > kMost) return std::nullopt;
  const auto length = static_cast<std::uint32_t>(*size);
  if (length == 0) return std::string{};
  std::vector<std::byte> argument(sizeof length + length);
  std::memcpy(argument.data(), &length, sizeof length);
  const XenCall::Answer given = call.version(op, argument);
  if (!given || *given > *size) return std::nullopt;
  std::string text(static_cast<std::size_t>(*given), '\0');
  std::memcpy(text.data(), argument.data() + sizeof length, text.size());
  return text;
}

template <std::size_t Size>
std::optional<std::string> text(XenCall& call, VersionOp whole, VersionOp cut) {
  if (const auto answer = sized_bytes(call, whole)) return told(*answer);
  return short_text<Size>(call, cut);
}

std::optional<std::string> build_id(XenCall& call) {
  const auto bytes = sized_bytes(call, VersionOp::build_id);
  if (!bytes || bytes->empty()) return std::nullopt;
  return hex_of(*bytes);
}

std::optional<std::uint64_t> features(XenCall& call) {
  std::optional<std::uint64_t> words;
  for (std::uint32_t index = 0; index < 2; ++index) {
    xen_feature_info info{index, 0};
    if (!call.version(VersionOp::features, bytes_of(info))) break;  // no such word
    words = words.value_or(0) | std::uint64_t{info.submap} << (32 * index);
  }
  return words;
}

}  // namespace

Expected<XenIdentity> ask_xenver(XenCall& call) {
  if (auto opened = call.open(); !opened) return tl::unexpected(opened.error());
  const XenCall::Answer version = call.version(VersionOp::version, {});
  if (!version) {
    return tl::unexpected(
        hypercall_failure(version.error(), "ask the hypervisor for its version (XENVER)"));
  }
  XenIdentity identity;
  identity.major = static_cast<unsigned>(*version) >> 16U;
  identity.minor = static_cast<unsigned>(*version) & 0xffffU;
  identity.source = "XENVER hypercall";
  identity.extra =
      text<XEN_EXTRAVERSION_LEN>(call, VersionOp::long_extraversion, VersionOp::extraversion)
          .value_or("");
  xen_compile_info_t compiled{};
  if (call.version(VersionOp::compile_info, bytes_of(compiled))) {
    identity.compiler = told(text_of(compiled.compiler));
    identity.compile_by = told(text_of(compiled.compile_by));
    identity.compile_domain = told(text_of(compiled.compile_domain));
    identity.compile_date = told(text_of(compiled.compile_date));
  }
  identity.capabilities =
      text<XEN_CAPABILITIES_INFO_LEN>(call, VersionOp::long_capabilities, VersionOp::capabilities);
  identity.changeset =
      text<XEN_CHANGESET_INFO_LEN>(call, VersionOp::long_changeset, VersionOp::changeset);
  identity.command_line =
      text<sizeof(xen_commandline_t)>(call, VersionOp::long_command_line, VersionOp::command_line);
  identity.build_id = build_id(call);
  identity.features = features(call);
  return identity;
}

}  // namespace xic
