"""A newcomer types the commands of README.md and docs/case.md as they stand there.

walkthrough_test.py SOURCE_DIR CHECK

Where output follows a `$ command` in a document, it must be what the command prints. XIC_UPDATE_DOCS=1 writes it there
instead; read the diff. What needs a Xen host (xl, xenstore-ls, dmesg) is played by a recorded one.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, CHECK = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
UPDATE = bool(os.environ.get("XIC_UPDATE_DOCS"))
DEMO = SOURCE / "tests/data/captures/xen-4.14.1-smmu"

REPORT = """(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, cb=0
[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK
"""
UNKNOWN_STREAM = """(XEN) smmu: /smmu@fd800000: Unexpected global fault, this could be serious
(XEN) smmu: /smmu@fd800000:     GFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x00000877, GFSYNR2 0x00000000
"""
VERSION_ONLY = "(XEN) Xen version 4.13.0 (builder@host) (gcc 9.2.0) debug=n  Thu Jan  1 00:00:00 UTC 2020\n"

# Each of a newcomer's lines that a test cannot or need not run, and why.
NOT_RUN = {
    "apt install": "changes this machine; scripts/package and the package's own tests cover it",
    "xen-iommu-check  ": "asks the host it runs on; tests/live/running_host_test.py plays one",
    "xen-iommu-check watch": "the same",
    "xen-iommu-check capture": "the same",
    "scripts/": "checked to exist; they are what runs this test",
}


def blocks(text):
    """Indented blocks: lists of lines without their four blanks."""
    found, block = [], []
    for line in text.splitlines():
        if line.startswith("    ") or (block and not line):
            block.append(line[4:])
        elif block:
            found.append(block)
            block = []
    return found + [block] if block else found


class Walk:
    """A folder of one's own, the program in the PATH, and the tools of a recorded Xen host."""

    def __init__(self, scratch):
        self.home = pathlib.Path(scratch, "home")
        tools = pathlib.Path(scratch, "bin")
        tools.mkdir()
        self.home.mkdir()
        (tools / "xen-iommu-check").symlink_to(CHECK)
        for name, body in {
                "xl": f'case $1 in dmesg) cat {DEMO}/xl-dmesg-full.txt;; info) cat {DEMO}/xl-info.txt;; debug-keys) ;; *) exit 1;; esac',
                "xenstore-ls": f"cat {DEMO}/xenstore-ls-f.txt", "dmesg": "true"}.items():
            tool = tools / name
            tool.write_text(f"#!/bin/sh\n{body}\n")
            tool.chmod(0o755)
        (self.home / "tests").symlink_to(SOURCE / "tests")
        self.home.joinpath("report.txt").write_text(REPORT)
        self.home.joinpath("unknown-stream.txt").write_text(UNKNOWN_STREAM)
        self.home.joinpath("version-only.txt").write_text(VERSION_ONLY)
        self.env = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8",
                    "SOURCE_DATE_EPOCH": "1795425324"}
        self.folder = self.home

    def run(self, command):
        """One line of shell; `cd` lasts, as it does for somebody who types."""
        script = f'{command}\nstatus=$?; pwd >"$HOME/.pwd"; exit $status'
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              check=False, timeout=120, stdin=subprocess.DEVNULL)
        self.folder = pathlib.Path((self.home / ".pwd").read_text().strip())
        return done


class WalkthroughTest(unittest.TestCase):
    def setUp(self):
        scratch = self.enterContext(tempfile.TemporaryDirectory())
        self.walk = Walk(scratch)

    def check_document(self, path, least):
        """Commands with a `$ ` and the output behind them."""
        lines, out, commands, index = path.read_text(encoding="utf-8").splitlines(), [], 0, 0
        while index < len(lines):
            line = lines[index]
            out.append(line)
            index += 1
            if not line.startswith("    $ "):
                continue
            commands += 1
            done = self.walk.run(line[6:])
            self.assertIn(done.returncode, (0, 1, 2, 3), f"{line}: {done.stderr}")
            self.assertEqual(done.stderr, "", line)
            shown = []
            while index < len(lines) and (lines[index].startswith("    ") or not lines[index]) and \
                    not lines[index].startswith("    $ "):
                shown.append(lines[index])
                index += 1
            blank = []
            while shown and not shown[-1]:
                blank.append(shown.pop())
            printed = [("    " + text).rstrip() for text in done.stdout.splitlines()]
            if not UPDATE:
                self.assertEqual(shown, printed, f"{path.name}: output of {line}")
            out += printed + blank
        self.assertGreaterEqual(commands, least)
        if UPDATE:
            path.write_text("\n".join(out) + "\n", encoding="utf-8")

    def test_case(self):
        self.check_document(SOURCE / "docs/case.md", least=8)

    def test_output_in_readme(self):
        self.check_document(SOURCE / "README.md", least=1)

    def test_commands_of_readme(self):
        text = (SOURCE / "README.md").read_text(encoding="utf-8")
        night = text.split("## At 2 a.m.")[1].split("\n## ")[0]
        ran = []
        for block in blocks(night):
            for command in filter(None, block):
                if command.startswith(tuple(NOT_RUN)):
                    continue
                if "serial.log" in command:
                    shutil.copy(DEMO / "xl-dmesg-full.txt", self.walk.folder / "serial.log")
                done = self.walk.run(command)
                self.assertIn(done.returncode, (0, 1, 2, 3), f"{command}: {done.stderr}")
                self.assertEqual(done.stderr, "", command)
                ran.append((command, done))
        verdict = next(done for command, done in ran if command == "xen-iommu-check --capture .")
        self.assertEqual(verdict.returncode, 2, verdict.stdout)
        self.assertTrue((self.walk.folder / "case.html").stat().st_size > 0)
        self.assertGreaterEqual(len(ran), 7)

    def test_scripts_and_links_exist(self):
        for document in (SOURCE / "README.md", *(SOURCE / "docs").glob("*.md")):
            text = document.read_text(encoding="utf-8")
            for script in re.findall(r"^    (scripts/\w+)", text, re.M):
                self.assertTrue(os.access(SOURCE / script, os.X_OK), f"{document.name}: {script}")
            for link in re.findall(r"\]\(([^)#:]+)\)|srcset=\"([^\"]+)\"|src=\"([^\"]+)\"", text):
                target = next(filter(None, link))
                self.assertTrue((document.parent / target).exists(), f"{document.name}: {target}")

    def test_every_verb_is_in_the_readme(self):
        text = (SOURCE / "README.md").read_text(encoding="utf-8")
        help_text = subprocess.run([CHECK, "--help"], capture_output=True, text=True, check=True).stdout
        for verb in re.findall(r"^  ([a-z]+) ", help_text.split("Subcommands:")[1].split("\n\n")[0], re.M):
            self.assertRegex(text, rf"xen-iommu-check \[?{verb}\b")


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
