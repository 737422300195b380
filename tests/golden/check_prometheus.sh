#!/bin/sh
# Lints Prometheus texts with promtool (Debian package prometheus): check_prometheus.sh FILE...
# Exit status 77 where promtool is not installed, as test runners expect of a skipped test.
set -eu
if ! command -v promtool >/dev/null 2>&1; then
  echo "skipped: promtool is not installed" >&2
  exit 77
fi
for file in "$@"; do
  echo "$file"
  promtool check metrics <"$file"
done
