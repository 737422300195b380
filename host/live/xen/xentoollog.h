// Xen's headers do not say that they are C.
#pragma once

extern "C" {
#include <xentoollog.h>
}
