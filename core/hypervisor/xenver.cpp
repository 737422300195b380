#include "core/hypervisor/xenver.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "core/hypervisor/banner.h"
#include "core/hypervisor/commit.h"

namespace xic {
namespace {

/// XENVER_commandline holds 1024 bytes (public/version.h): a longer one is cut.
constexpr std::size_t kCutFrom = 990;

/// What Flask puts in the place of a text that it denies (xsm/flask, XENVER).
constexpr std::string_view kDenied = "<denied>";

}  // namespace

void offer_capabilities(std::string_view caps, std::string_view source, Origin origin,
                        FactStore* store) {
  // arm64 comes first where it can run both.
  constexpr std::string_view kMark = "xen-3.0-";
  const std::size_t at = caps.find(kMark);
  if (at == std::string_view::npos) return;
  if (const auto arch = arch_of(caps.substr(at + kMark.size()))) {
    store->arch.offer(*arch, source, origin);
  }
}

void offer_command_line(std::string_view value, std::string_view source, Origin origin,
                        FactStore* store) {
  if (value == kDenied) return;
  store->command_line.offer({bounded_copy(value), value.size() < kCutFrom}, source, origin);
}

void offer_compile_by(std::string_view value, std::string_view source, Origin origin,
                      FactStore* store) {
  if (value.empty() || value == kDenied) return;
  store->compile_by.offer(bounded_copy(value), source, origin);
  store->offer_commit(commit_in_recipe(value), source, origin);
}

void offer_changeset(std::string_view value, std::string_view source, Origin origin,
                     FactStore* store) {
  if (value == kDenied) return;
  store->changeset.offer(bounded_copy(value), source, origin);
  store->offer_commit(commit_in_changeset(value), source, origin);
}

void offer_identity(const XenIdentity& identity, FactStore* store) {
  const std::string& source = identity.source;
  Origin derived = kGiven;
  derived.rank = Rank::derived;
  store->seen = true;
  const std::string extra = identity.extra == kDenied ? std::string() : identity.extra;
  if (auto version = parse_version(std::to_string(identity.major) + '.' +
                                   std::to_string(identity.minor) + bounded_copy(extra))) {
    store->offer_version(std::move(*version), source, kGiven);
  }
  if (identity.changeset) offer_changeset(*identity.changeset, source, kGiven, store);
  if (identity.capabilities) offer_capabilities(*identity.capabilities, source, kGiven, store);
  if (identity.compiler) {
    if (const auto arch = arch_of(*identity.compiler)) store->arch.offer(*arch, source, derived);
  }
  if (identity.compile_by) offer_compile_by(*identity.compile_by, source, derived, store);
  if (identity.command_line) offer_command_line(*identity.command_line, source, kGiven, store);
  if (identity.build_id && *identity.build_id != kDenied) {
    store->build_id.offer(bounded_copy(*identity.build_id), source, kGiven);
  }
  if (identity.features) store->features.offer(*identity.features, source, kGiven);
}

}  // namespace xic
