# Cross-compile for Debian 12 arm64 with Debian's own cross compiler against an unpacked sysroot.
#
# The sysroot is made by `scripts/e2e sysroot`, from signed Debian packages; its place is XIC_SYSROOT (CMake or environment
# variable) or, by default, the cache of the end-to-end tests.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

if(NOT XIC_SYSROOT)
  if(DEFINED ENV{XIC_SYSROOT})
    set(XIC_SYSROOT "$ENV{XIC_SYSROOT}")
  else()
    if(DEFINED ENV{XIC_E2E_CACHE})
      set(cache "$ENV{XIC_E2E_CACHE}")
    elseif(DEFINED ENV{XDG_CACHE_HOME})
      set(cache "$ENV{XDG_CACHE_HOME}/xen-iommu-check-e2e")
    else()
      set(cache "$ENV{HOME}/.cache/xen-iommu-check-e2e")
    endif()
    set(XIC_SYSROOT "${cache}/sets/sysroot/tree")
  endif()
endif()
if(NOT EXISTS "${XIC_SYSROOT}/usr/include/xenctrl.h")
  message(FATAL_ERROR "No arm64 sysroot at ${XIC_SYSROOT}: run `scripts/e2e sysroot` first")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES XIC_SYSROOT)

set(CMAKE_SYSROOT "${XIC_SYSROOT}")
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# The cross compiler does not look into Debian's multiarch directories of a foreign sysroot by itself.
set(triplet_libraries "${XIC_SYSROOT}/usr/lib/aarch64-linux-gnu")
set(CMAKE_CXX_FLAGS_INIT "-B${triplet_libraries} -isystem ${XIC_SYSROOT}/usr/include/aarch64-linux-gnu")
set(CMAKE_C_FLAGS_INIT "${CMAKE_CXX_FLAGS_INIT}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-L${triplet_libraries} -Wl,-rpath-link,${triplet_libraries}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${CMAKE_EXE_LINKER_FLAGS_INIT}")

set(CMAKE_FIND_ROOT_PATH "${XIC_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config: the sysroot's files only.
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${XIC_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${XIC_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${XIC_SYSROOT}/usr/share/pkgconfig")
