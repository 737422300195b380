"""The manual pages: they render without a warning and name every option, verb, key and id.

manuals_test.py SOURCE_DIR CHECK; skipped (77) without scdoc."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from interface import Interface

SOURCE, CHECK = pathlib.Path(sys.argv[1]), sys.argv[2]
SETTINGS = SOURCE / "systemd/xen-iommud.conf"


def scd_pages():
    """{page name: scdoc text}: the files, and the generated page of the causes."""
    pages = {path.name.removesuffix(".scd"): path.read_text(encoding="utf-8")
             for path in (SOURCE / "docs/man").glob("*.scd")}
    with tempfile.TemporaryDirectory() as scratch:
        output = pathlib.Path(scratch, "causes.scd")
        subprocess.run([sys.executable, "-B", SOURCE / "knowledge/manual.py", "--data", SOURCE / "knowledge",
                        "--output", output], check=True)
        pages["xen-iommu-causes.7"] = output.read_text(encoding="utf-8")
        if SETTINGS.exists():
            output = pathlib.Path(scratch, "settings.scd")
            subprocess.run([sys.executable, "-B", SOURCE / "docs/man/settings.py", SETTINGS, output], check=True)
            pages["xen-iommud.conf.5"] = output.read_text(encoding="utf-8")
    return pages


class ManualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scd = scd_pages()
        scratch = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.rendered = {}
        for name, text in cls.scd.items():
            path = pathlib.Path(scratch, name)
            source = pathlib.Path(scratch, name + ".scd")
            source.write_text(text, encoding="utf-8")
            subprocess.run([sys.executable, "-B", SOURCE / "docs/man/render.py", "scdoc", source, path], check=True)
            cls.rendered[name] = path

    def text_of(self, page):
        return self.scd[page].replace("\\", "")

    def test_man_has_no_warning(self):
        if shutil.which("man") is None:
            self.skipTest("man is not installed")
        for name, path in self.rendered.items():
            with self.subTest(name):
                done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path],
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_mandoc_has_no_warning(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        for name, path in self.rendered.items():
            with self.subTest(name):
                done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True,
                                      text=True, check=False)
                self.assertEqual(done.stdout + done.stderr, "")

    def test_every_option_and_verb_is_described(self):
        interface = Interface(CHECK)
        page = self.text_of("xen-iommu-check.1")
        described = set(re.findall(r"^\t?(?:\*-\w\*, )?\*(--[a-z-]+)\*", page, re.M))
        self.assertEqual(described, interface.options)
        self.assertEqual(set(re.findall(r"^\*([a-z]+)\*", page.split("# VERBS")[1].split("# INPUT")[0], re.M)),
                         set(interface.verbs))
        formats = re.search(r"--format.*?\n(.*?)\n *--", interface.help, re.S)
        self.assertIsNotNone(formats)

    def test_help_has_four_examples(self):
        examples = Interface(CHECK).help.split("Examples:")[1].split("\n\n")[0]
        self.assertEqual(len(re.findall(r"^  \S.*xen-iommu-check|^  xen-iommu-check", examples, re.M)), 4)

    def test_exit_codes_are_those_of_the_source(self):
        codes = set(re.findall(r"= (\d+),", (SOURCE / "cli/exit_codes.h").read_text())) - {"0", "3"}
        self.assertTrue(codes)
        self.assertEqual(set(re.findall(r"^\*(\d+)\*$", self.text_of("xen-iommu-check.1"), re.M)), codes)

    def test_every_id_of_the_schema_is_listed(self):
        schema = json.loads((SOURCE / "docs/schema/report-1.schema.json").read_text())
        page = self.text_of("xen-iommu-causes.7")
        listed = set(re.findall(r"^\*([a-z0-9_]+)\*$", page, re.M)) | set(re.findall(r"^## (XIC-\d+)$", page, re.M))
        wanted = set()
        for kind in ("evidence_kind", "limit_id", "action_id"):
            wanted |= set(schema["$defs"][kind]["enum"])
        self.assertEqual(wanted - listed, set())
        self.assertIn("XIC-1001", listed)

    def test_every_option_of_the_daemon_is_described(self):
        source = SOURCE / "daemon/main.cpp"
        if not source.exists():
            self.skipTest("no daemon in this tree")
        options = set(re.findall(r'add_option\("(--[a-z-]+)"|set_version_flag\("(--version)"', source.read_text()))
        described = set(re.findall(r"^(?:\*-\w\*, )?\*(--[a-z-]+)\*", self.text_of("xen-iommud.8"), re.M))
        self.assertEqual(described, {"".join(option) for option in options} | {"--help"})

    def test_every_key_of_the_configuration_is_described(self):
        if not SETTINGS.exists():
            self.skipTest("no daemon in this tree")
        keys = set(re.findall(r"^#?([A-Z][A-Za-z]+)=", SETTINGS.read_text(), re.M))
        self.assertTrue(keys)
        described = set(re.findall(r"^\*([A-Z][A-Za-z]+)=\*", self.text_of("xen-iommud.conf.5"), re.M))
        self.assertEqual(described, keys)


if __name__ == "__main__":
    if shutil.which("scdoc") is None:
        print("skipped: scdoc is not installed", file=sys.stderr)
        sys.exit(77)
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
