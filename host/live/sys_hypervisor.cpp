#include "host/live/sys_hypervisor.h"

#include <cerrno>
#include <charconv>
#include <string_view>

#include "host/live/hex.h"
#include "host/live/small_file.h"
#include "host/live/told.h"

namespace xic {
namespace {

std::optional<std::string> property(const std::string& path) {
  const auto text = read_value(path);
  if (!text) return std::nullopt;
  return told(*text);
}

Expected<unsigned> number(const std::string& path) {
  auto text = read_value(path);
  if (!text) return tl::unexpected(text.error());
  unsigned value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end) {
    return tl::unexpected(Error{Error::Code::malformed, 0, path + " holds no number", ""});
  }
  return value;
}

/// Words of 32 bits, eight digits each, the highest first.
std::optional<std::uint64_t> features(const std::string& path) {
  const auto text = read_value(path);
  if (!text || text->size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// Linux (to 6.12 at least) copies the bytes of the id as if they were text, so that one with a
/// zero byte is cut: only the lengths that linkers make are taken, 16 (uuid, md5) and 20 (sha1).
std::optional<std::string> build_id(const std::string& path) {
  const auto bytes = read_small_file(path);
  if (!bytes || (bytes->size() != 16 && bytes->size() != 20)) return std::nullopt;
  return hex_of(*bytes);
}

}  // namespace

Expected<std::optional<XenIdentity>> read_sys_hypervisor(const std::string& root) {
  const std::string at = root + "/sys/hypervisor/";
  const auto type = read_value(at + "type");
  if (!type && type.error().sys_errno == ENOENT) return std::optional<XenIdentity>{};
  if (!type) return tl::unexpected(type.error());
  if (*type != "xen") return std::optional<XenIdentity>{};

  const auto major = number(at + "version/major");
  if (!major) return tl::unexpected(major.error());
  const auto minor = number(at + "version/minor");
  if (!minor) return tl::unexpected(minor.error());
  XenIdentity identity;
  identity.major = *major;
  identity.minor = *minor;
  identity.extra = property(at + "version/extra").value_or("");
  identity.compiler = property(at + "compilation/compiler");
  identity.compile_by = property(at + "compilation/compiled_by");
  identity.compile_date = property(at + "compilation/compile_date");
  identity.capabilities = property(at + "properties/capabilities");
  identity.changeset = property(at + "properties/changeset");
  identity.build_id = build_id(at + "properties/buildid");
  identity.features = features(at + "properties/features");
  identity.source = "/sys/hypervisor";
  return identity;
}

}  // namespace xic
