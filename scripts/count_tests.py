#!/usr/bin/env python3
"""Adds up JUnit reports of ctest: how each failed test's output ends, then 'N passed, N failed, N skipped'."""
import sys
import xml.etree.ElementTree as ElementTree

LAST_LINES = 60


def main() -> int:
    passed = failed = skipped = 0
    for path in sys.argv[1:]:
        try:
            cases = ElementTree.parse(path).getroot().iter("testcase")
        except (OSError, ElementTree.ParseError) as error:
            print(f"{path}: {error}")
            failed += 1
            continue
        for case in cases:
            if case.get("status") == "fail" or case.find("failure") is not None:
                failed += 1
                print("failed:", case.get("name"))
                output = (case.findtext("system-out") or "").splitlines()
                print("\n".join("    " + line for line in output[-LAST_LINES:]))
            elif case.get("status") in ("notrun", "disabled") or case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
