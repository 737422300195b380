"""check --diff: what changed between two reports."""
import json
import pathlib
import subprocess
import sys

from tool import DEMO, FAULT, IO_ERROR, USAGE, ToolTest, run

SCHEMA_CHECK = pathlib.Path(__file__).resolve().parents[1] / "golden/check_schema.py"

FIXED = b"""(XEN) Xen version 4.14.2 (build@host) (gcc 10.2.1) debug=n  Thu Jan  1 00:00:00 UTC 2026
(XEN) I/O virtualisation enabled
(XEN)  - Dom0 mode: Relaxed
(XEN) Allocating 1:1 mappings totalling 512MB for dom0:
"""


class DiffTest(ToolTest):
    def report(self, name, *arguments, data=b""):
        path = self.scratch / name
        done = run(*arguments, "--json", "--output", path, data=data)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        return path

    def test_the_same_report_is_the_same(self):
        a = self.report("a.json", "--capture", DEMO)
        done = run("check", "--diff", a, a)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"SAME"), done.stdout)

    def test_a_roll_out(self):
        a = self.report("a.json", "--capture", DEMO)
        b = self.report("b.json", "--log", "-", data=FIXED)
        done = run("check", "--diff", a, b)
        self.assertEqual(done.returncode, 1)
        text = done.stdout.decode()
        self.assertTrue(text.startswith("CHANGED"))
        self.assertIn("verdict.state: affected -> not_affected", text)
        self.assertIn("hypervisor.version: 4.14.1 -> 4.14.2", text)
        self.assertIn("faults: XIC-1001 on /smmu@bff00000: 1 event -> none", text)

    def test_json(self):
        a = self.report("a.json", "--capture", DEMO)
        b = self.report("b.json", "--log", "-", data=FIXED)
        done = run("--diff", a, b, "--json")
        self.assertEqual(done.returncode, 1)
        checked = subprocess.run([sys.executable, SCHEMA_CHECK, self.file("c.json", done.stdout)],
                                 capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        comparison = json.loads(done.stdout)["comparison"]
        self.assertTrue(comparison["changed"])
        states = [c for c in comparison["changes"] if c["what"] == "verdict.state"]
        self.assertEqual(states, [{"what": "verdict.state", "before": "affected", "after": "not_affected",
                                   "matters": True}])

    def test_more_of_the_same_faults_does_not_matter(self):
        a = self.report("a.json", "--log", "-", data=FAULT)
        b = self.report("b.json", "--log", "-", data=FAULT * 3)
        done = run("--diff", a, b)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(b"1 event -> 3 events", done.stdout)

    def test_what_is_no_report(self):
        a = self.report("a.json", "--capture", DEMO)
        for bad in (b"", b"{}", b"[" * 100000, b'{"schema": "xen-iommu-check/2", "verdict": {}}', FAULT,
                    b'{"schema": "xen-iommu-check/1", "verdict": 1}'):
            with self.subTest(bad[:40]):
                self.assert_fails(run("--diff", a, self.file("bad", bad)), IO_ERROR)

    def test_a_report_with_wrong_types_is_no_crash(self):
        a = self.report("a.json", "--capture", DEMO)
        report = json.loads(a.read_text())
        report["faults"] = [1, {"count": -1, "cause": 7, "iommu": ["\x1b[2J"]}, {"count": "x"}]
        report["limits"] = {"id": 1}
        report["verdict"]["state"] = {"\x1b]0;owned\x07": []}
        report["hypervisor"] = None
        b = self.file("b.json", json.dumps(report).encode())
        done = run("--diff", a, b)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertEqual(run("--diff", b, b).returncode, 0)

    def test_usage(self):
        a = self.report("a.json", "--capture", DEMO)
        self.assert_fails(run("--diff", a), USAGE)
        self.assert_fails(run("--diff", a, a, "--log", "-"), USAGE)
        self.assert_fails(run("--diff", a, a, "--format", "prometheus"), USAGE)
        self.assert_fails(run("grants", "--diff", a, a), USAGE)
        self.assert_fails(run("--diff", a, self.scratch / "missing"), IO_ERROR)
