# Shared by the scripts beside it; to be sourced.
# shellcheck shell=bash
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

say() { printf '== %s\n' "$*" >&2; }

# install GROUP...: installs the packages of these groups that are missing.
install_packages() {
  local wanted=() missing=() group package
  while read -r group package; do
    case " $* " in *" $group "*) wanted+=("$package") ;; esac
  done < <(grep -v '^#' scripts/packages)
  for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  # Servers that come with a package (promtool's) need not run here.
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]: configures and builds into build/PRESET. Configuring again costs a second
# and finds what was installed since.
build() {
  local preset=$1
  shift
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  local log
  log=$(cmake --preset "$preset" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
  if [ $# -gt 0 ]; then
    cmake --build "build/$preset" --target "$@" >&2
  else
    cmake --build "build/$preset" >&2
  fi
}
