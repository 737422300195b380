#!/usr/bin/env python3
"""knowledge/generate.py: the same data give the same file; data that break their form stop the build.

Usage: knowledge_generator_test.py SOURCE_DIR
"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

KNOWLEDGE = Path(sys.argv.pop(1)).resolve() / "knowledge"
ENTRY_FILES = ("causes.toml", "limits.toml", "actions.toml", "evidence.toml")


class GeneratorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name) / "data"
        self.output = Path(folder.name) / "knowledge_data.cpp"
        shutil.copytree(KNOWLEDGE, self.data)

    def generate(self):
        return subprocess.run(
            [sys.executable, KNOWLEDGE / "generate.py", "--data", self.data, "--output", self.output],
            capture_output=True, text=True, check=False)

    def expect_refused(self, complaint):
        result = self.generate()
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(complaint, result.stderr)
        self.assertFalse(self.output.exists(), "left a file behind")

    def append(self, name, text):
        with open(self.data / name, "a", encoding="utf-8") as file:
            file.write(text)

    def replace(self, name, old, new):
        text = (self.data / name).read_text(encoding="utf-8")
        self.assertIn(old, text)
        (self.data / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def test_same_data_same_file(self):
        self.assertEqual(self.generate().returncode, 0)
        first = self.output.read_bytes()
        self.assertEqual(self.generate().returncode, 0)
        self.assertEqual(first, self.output.read_bytes())
        self.assertTrue(first.isascii())

    def test_missing_texts_are_empty(self):
        for name in ENTRY_FILES:
            (self.data / name).unlink(missing_ok=True)
        self.assertEqual(self.generate().returncode, 0)
        self.assertIn(".causes = {}", self.output.read_text())

    def test_texts_survive(self):
        (self.data / "limits.toml").write_text(
            '[[entry]]\nid = "a_limit"\ntitle = "a \\"quoted\\" \\\\ title?"\nwhy = """\none\ntwo é\n"""\n',
            encoding="utf-8")
        self.assertEqual(self.generate().returncode, 0)
        text = self.output.read_text()
        self.assertIn('"a \\"quoted\\" \\\\ title?"', text)
        self.assertIn('"one\\n"\n     "two \\303\\251"', text)

    def test_bad_texts(self):
        for text, complaint in (
                ('id = "XIC-7999"\ntitle = "a"\n[[entry]]\nid = "XIC-7999"\ntitle = "b"', "twice"),
                ('id = "XIC-7999"', "empty title"),
                ('id = "XIC-7999"\ntitle = "  "', "empty title"),
                ('id = "XIC-7999"\ntitle = "a\\u001b[2J"', "control character"),
                ('id = "XIC-7999"\ntitle = "a\\nb"', "control character"),
                ('id = "XIC-7999"\ntitle = 5', "not a string"),
                ('id = "XIC-7"\ntitle = "a"', "form"),
                ('id = "XIC-7999"\ntitle = "a"\nadvice = "b"', "unknown key"),
                ('id = ', "causes.toml")):
            with self.subTest(text=text):
                self.replace_with_entry(text)
                self.expect_refused(complaint)

    def replace_with_entry(self, text):
        (self.data / "causes.toml").write_text(f"[[entry]]\n{text}\n", encoding="utf-8")

    def test_bad_commits(self):
        last = (self.data / "commits/affected-xilinx.txt").read_text().splitlines()[-1]
        for line, complaint in (("zz", "ten lower-case hex digits"),
                                ("FFFFFFFFFF", "ten lower-case hex digits"),
                                ("ffffffffff0", "ten lower-case hex digits"),
                                ("0000000000", "not sorted"),
                                (last, "stands in")):
            with self.subTest(line=line):
                shutil.copy(KNOWLEDGE / "commits/affected-xilinx.txt", self.data / "commits")
                self.append("commits/affected-xilinx.txt", line + "\n")
                self.expect_refused(complaint)

    def test_a_commit_has_one_standing(self):
        hashes = (self.data / "commits/unaffected-upstream.txt").read_text().splitlines()
        (self.data / "commits/zz.txt").write_text(
            f"# tree: other\n# standing: affected\n{hashes[-1]}\n")
        self.expect_refused("stands in")

    def test_a_list_needs_its_header(self):
        (self.data / "commits/zz.txt").write_text("# tree: other\nffffffffff\n")
        self.expect_refused("standing")

    def test_rows_agree_with_the_lists(self):
        self.replace("releases.toml", "affected = true", "affected = false")
        self.expect_refused("is listed as affected")
        shutil.copy(KNOWLEDGE / "releases.toml", self.data)
        self.replace("vendors.toml", "affected = true", "affected = false")
        self.expect_refused("is listed as affected")

    def test_a_file_that_is_needed(self):
        (self.data / "releases.toml").unlink()
        self.expect_refused("releases.toml")


if __name__ == "__main__":
    unittest.main()
