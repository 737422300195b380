"""`cmake --install` into an empty DESTDIR: everything docs/packaging.md lists and nothing else; no path of the build.

install_test.py SOURCE_DIR BUILD_DIR"""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True, capture_output=True,
                       env={**os.environ, "DESTDIR": str(cls.root)})
        cls.files = {path.relative_to(cls.root): path for path in cls.root.rglob("*") if not path.is_dir()}

    def test_what_the_document_lists_is_installed_and_nothing_else(self):
        listed = set()
        for row in re.findall(r"^\| (`.*?) \|", (SOURCE / "docs/packaging.md").read_text(), re.M):
            listed |= {path for path in re.findall(r"`([^`]+)`", row) if "/" in path}
        listed = {pathlib.Path(path.lstrip("/")) if path.startswith("/") else pathlib.Path("usr", path) for path in listed}
        if shutil.which("scdoc") is None:
            listed = {path for path in listed if "man" not in path.parts}
        self.assertEqual(set(self.files), listed)

    def test_versions_agree(self):
        version = re.search(r"project\(\S+ VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        changelog = (SOURCE / "packaging/debian/changelog").read_text()
        self.assertTrue(changelog.startswith(f"xen-iommu-check ({version})"), changelog.split("\n")[0])

    def test_modes(self):
        for name, path in self.files.items():
            mode = stat.S_IMODE(path.stat().st_mode)
            program = {"bin", "sbin", "libexec"} & set(name.parts)
            self.assertEqual(mode, 0o755 if program else 0o644, name)

    def test_texts_name_no_folder_of_the_build(self):
        for name, path in self.files.items():
            text = path.read_bytes()
            if text.startswith(b"\x7fELF"):
                continue
            self.assertNotIn(str(BUILD).encode(), text, name)
            self.assertNotIn(str(SOURCE).encode(), text, name)

    def test_the_installed_program_works(self):
        done = subprocess.run([self.root / "usr/bin/xen-iommu-check", "--capture",
                               SOURCE / "tests/data/captures/xen-4.14.1-smmu", "--format", "short"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, "affected XIC-1001 4.14.1\n"))


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
