// How xenstored is reached from here, found out without the risk of waiting for ever.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/types.h"

namespace xic {

/// The places that xs_open() of libxenstore tries, in its order: the socket of a local xenstored,
/// then the kernel's xenbus device; the value of XENSTORED_PATH instead of either where it is set
/// (tools/libs/store/xs.c, tools/include/xen-tools/xenstore-common.h, 4.17).
[[nodiscard]] std::vector<std::string> xenstore_routes();

/// Whether somebody answers there: sends one harmless question (XS_GET_DOMAIN_PATH of domain 0)
/// along the first route that can be opened and waits for the answer no longer than `patience`.
///
/// xs_open() alone does not tell: a dom0 whose xenstored has died still has /dev/xen/xenbus, takes
/// every question there, and answers none.
[[nodiscard]] Expected<void> xenstore_answers(const std::vector<std::string>& routes,
                                              std::chrono::milliseconds patience);

}  // namespace xic
