// Xen's public, stable interface: hypercall numbers and their arguments.
#pragma once

#include <cstdint>

// What these headers describe changed last, as far as it is used here, before 4.13.
#define __XEN_INTERFACE_VERSION__ 0x00040d00  // NOLINT: their name for it

extern "C" {
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/version.h>
#include <xen/xen.h>
}
