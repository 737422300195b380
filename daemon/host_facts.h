// What a host says of itself once: who the hypervisor is, and what memory is whose.
#pragma once

#include "core/observer.h"
#include "host/ports.h"

namespace xic::daemon {

/// Asks each port and tells the observer what it answered. What cannot be asked is left out: a
/// verdict names what it lacked.
void tell_host_facts(const Ports& ports, Observer* observer);

}  // namespace xic::daemon
