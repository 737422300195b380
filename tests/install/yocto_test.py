"""The Yocto recipe against the tree it builds, as far as that goes without BitBake.

yocto_test.py SOURCE_DIR"""
import hashlib
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1])
RECIPES = sorted((SOURCE / "packaging/yocto").rglob("xen-iommu-check_*.bb"))

# What provides what the build looks for, in the layers the recipe names.
PROVIDERS = {"CLI11": "cli11", "fmt": "fmt", "LibArchive": "libarchive", "nlohmann_json": "nlohmann-json",
             "tl-expected": "tl-expected", "spdlog": "spdlog", "xencontrol": "xen-tools", "xencall": "xen-tools",
             "xengnttab": "xen-tools", "xenstore": "xen-tools", "xenevtchn": "xen-tools", "xentoollog": "xen-tools",
             "libsystemd": "systemd", "inih": "inih", "INIReader": "inih"}
NO_PACKAGE = {"Python3", "PkgConfig", "GTest", "benchmark", "re2"}


def variables(text):
    """{name: value} of assignments, in a file without Python code."""
    text = re.sub(r"\\\n", " ", text)
    values = {}
    for name, operator, value in re.findall(r'^([\w:${}-]+)\s*(=|\+=|:append =)\s*"([^"]*)"', text, re.M):
        values[name] = f"{values[name]} {value}" if operator != "=" and name in values else value
    return values


def build_files():
    """CMake's files of what is shipped: tests look for more."""
    return [path for path in SOURCE.rglob("CMakeLists.txt")
            if path.relative_to(SOURCE).parts[0] not in ("tests", "build")]


class YoctoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert len(RECIPES) == 1, RECIPES
        cls.text = RECIPES[0].read_text()
        cls.values = variables(cls.text)

    def test_version_is_the_projects(self):
        version = re.search(r"project\(\S+ VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(RECIPES[0].stem, f"xen-iommu-check_{version}")

    def test_licence(self):
        digest = hashlib.md5((SOURCE / "LICENSE").read_bytes()).hexdigest()
        self.assertEqual(self.values["LIC_FILES_CHKSUM"], f"file://LICENSE;md5={digest}")
        self.assertEqual(self.values["LICENSE"], "MIT")

    def test_dependencies_are_what_the_build_looks_for(self):
        wanted = set()
        for path in build_files():
            text = path.read_text()
            wanted |= set(re.findall(r"find_package\((\S+?)[\s)]", text))
            for modules in re.findall(r"pkg_check_modules\(\w+ ((?:[^)])*)\)", text):
                wanted |= set(modules.split()) - {"REQUIRED", "IMPORTED_TARGET", "QUIET", "GLOBAL"}
        self.assertEqual(wanted - NO_PACKAGE - set(PROVIDERS), set(), "not known here")
        needed = {PROVIDERS[name] for name in wanted - NO_PACKAGE}
        depends = set(self.values["DEPENDS"].split())
        self.assertEqual(needed - depends, set())
        self.assertEqual(depends - set(PROVIDERS.values()), set())

    def test_options_exist(self):
        options = set(re.findall(r"\bXIC_\w+|BUILD_TESTING", "".join(path.read_text() for path in build_files()) +
                                 "BUILD_TESTING"))
        self.assertEqual(set(re.findall(r"-D(\w+)=", self.values["EXTRA_OECMAKE"])) - options, set())

    def test_classes(self):
        classes = set(re.search(r"^inherit (.*)$", self.text, re.M).group(1).split())
        self.assertLessEqual({"cmake", "pkgconfig", "python3native", "bash-completion"}, classes)
        units = [path.name.removesuffix(".in") for path in (SOURCE / "systemd").glob("*.service*")]
        if units:
            self.assertIn("systemd", classes)
            self.assertEqual(set(" ".join(value for name, value in self.values.items()
                                          if name.startswith("SYSTEMD_SERVICE")).split()), set(units))

    def test_every_installed_folder_is_in_a_package(self):
        # What bitbake.conf's FILES and the inherited classes take by themselves.
        taken = {"bin", "libexec", "man", "doc", "bash-completion", ""}
        folders = set()
        for row in re.findall(r"^\| (`.*?) \|", (SOURCE / "docs/packaging.md").read_text(), re.M):
            for path in re.findall(r"`([^`]+)`", row):
                parts = path.split("/")
                if len(parts) > 1:
                    folders.add(parts[1] if parts[0] in ("share", "lib") else parts[0])
        files = " ".join(value for name, value in self.values.items() if name.startswith("FILES"))
        self.assertTrue(folders)
        for folder in folders - taken:
            self.assertIn(folder, files)


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
