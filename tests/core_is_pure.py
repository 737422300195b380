#!/usr/bin/env python3
"""core/ includes the standard library, tl::expected and itself, and none of the standard headers that
do I/O, read clocks or start threads. Usage: core_is_pure.py SOURCE-DIR"""
import pathlib
import re
import sys

ALLOWED = set("""algorithm array atomic bit bitset cassert cctype cerrno charconv chrono cinttypes climits
cmath compare concepts cstddef cstdint cstdlib cstring deque functional initializer_list iterator limits
list map memory new numeric optional queue ratio set span stack string string_view system_error tuple
type_traits typeindex unordered_map unordered_set utility variant vector""".split())
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CLOCKS = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|getenv|time\s*\(\s*(NULL|nullptr|0)\s*\))")


def main():
    root = pathlib.Path(sys.argv[1])
    problems = []
    files = sorted(root.glob("core/**/*.h")) + sorted(root.glob("core/**/*.cpp"))
    for path in files:
        for line_number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"{path.relative_to(root)}:{line_number}"
            if CLOCKS.search(line):
                problems.append(f"{where}: reads a clock or the environment: {line.strip()}")
            match = INCLUDE.match(line)
            if not match:
                continue
            bracket, header = match.groups()
            if bracket == "<" and header not in ALLOWED and header != "tl/expected.hpp":
                problems.append(f"{where}: <{header}>")
            if bracket == '"' and not header.startswith("core/"):
                problems.append(f'{where}: "{header}"')
    print("\n".join(problems))
    print(f"{len(files)} files of core/ read")
    return 1 if problems or len(files) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
