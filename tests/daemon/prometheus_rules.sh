#!/bin/sh
# The example alert rules, judged by promtool. Ends with 77 where there is none.
command -v promtool >/dev/null || { echo '!!!! SKIPPED: no promtool on this machine !!!!'; exit 77; }
cd "$1" && promtool check rules xen-iommud.rules.yml && promtool test rules xen-iommud_test.yml
