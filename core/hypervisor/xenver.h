// What the hypervisor answers of itself through XENVER, however it was asked: by a hypercall, in
// /sys/hypervisor, in hypfs or by `xl info`.
#pragma once

#include <string_view>

#include "core/hypervisor/answers.h"
#include "core/hypervisor/fact_store.h"

namespace xic {

/// "xen-3.0-aarch64 xen-3.0-armv7l"
void offer_capabilities(std::string_view caps, std::string_view source, Origin origin,
                        FactStore* store);
void offer_command_line(std::string_view value, std::string_view source, Origin origin,
                        FactStore* store);
/// XENVER_compile_info holds 15 characters of it: the banner's is better.
void offer_compile_by(std::string_view value, std::string_view source, Origin origin,
                      FactStore* store);
void offer_changeset(std::string_view value, std::string_view source, Origin origin,
                     FactStore* store);

/// All of an answer, under its own source.
void offer_identity(const XenIdentity& identity, FactStore* store);

}  // namespace xic
