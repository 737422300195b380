# Options for all targets of this project: warnings, hardening, sanitizers, coverage.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
                    -Wold-style-cast -Wimplicit-fallthrough)
if(XIC_WERROR)
  add_compile_options(-Werror)
endif()

if(XIC_SANITIZE)
  add_compile_options(-fsanitize=${XIC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${XIC_SANITIZE})
elseif(XIC_HARDENING)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection)
  # Fortify needs the optimiser; distributions may set a level of their own.
  add_compile_options("$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    add_compile_options(-mbranch-protection=standard)
  endif()
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  include(CheckPIESupported)
  check_pie_supported()
endif()

if(XIC_FUZZ)
  # The whole program reports which of its branches an input reached; tests/fuzz adds the driver.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(XIC_COVERAGE)
  add_compile_options(--coverage -O0)
  add_link_options(--coverage)
endif()
