"""A fleet of three hosts: what the program writes, node_exporter serves, Prometheus scrapes, and the shipped rules and
dashboard make of it. Debian's real servers, on loopback. Skipped (77) where they are not installed.

fleet_test.py SOURCE_DIR CHECK"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import servers

SOURCE, CHECK = pathlib.Path(sys.argv[1]), sys.argv[2]
CAPTURES = SOURCE / "tests/data/captures"
RULES = SOURCE / "packaging/prometheus/xen-iommu.rules.yml"
BOARD = SOURCE / "packaging/grafana/xen-iommu.json"
# Metrics that others make.
FOREIGN = {"up", "node_textfile_scrape_error"}


def write_metrics(host, capture, **environment):
    """As a timer on the host would."""
    done = subprocess.run([CHECK, "--capture", CAPTURES / capture, "--format", "prometheus",
                           "--output", host.folder / "xen_iommu.prom"],
                          capture_output=True, text=True, check=False, env={**os.environ, **environment})
    assert done.returncode in (0, 1, 2, 3) and done.stderr == "", done.stderr


def board_expressions():
    """Every query of the dashboard, its variables filled in as Grafana does for "All"."""
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    found = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]]
    found += [(one["name"], one["expr"]) for one in board["annotations"]["list"]]
    return [(title, re.sub(r"\$(job|instance)", ".*", expr)) for title, expr in found]


def our_metrics(text):
    return set(re.findall(r"\b(?:xen_iommu_\w+|node_\w+|up)\b", text)) - FOREIGN


class FleetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = cls.enterClassContext(tempfile.TemporaryDirectory())
        stack = cls.enterClassContext(contextlib.ExitStack())
        cls.hosts = {name: stack.enter_context(servers.NodeExporter(scratch, name))
                     for name in ("affected", "healthy", "faulty")}
        write_metrics(cls.hosts["affected"], "xen-4.14.1-smmu")
        write_metrics(cls.hosts["healthy"], "xen-4.17-smmu-healthy")
        # Its timer stopped three years ago.
        write_metrics(cls.hosts["faulty"], "xen-4.17-entry-missing-faults", SOURCE_DATE_EPOCH="1700000000")
        targets = {name: f"127.0.0.1:{host.port}" for name, host in cls.hosts.items()}
        cls.prometheus = stack.enter_context(servers.Prometheus(scratch, targets, RULES))
        servers.wait_until("all hosts are scraped",
                           lambda: len(cls.prometheus.query("xen_iommu_build_info")) == 3)

    def state(self, alert, host):
        return self.prometheus.alerts().get((alert, host))

    def test_1_the_right_alerts_fire(self):
        expected = {("XenIommuAffected", "affected"): "firing", ("XenIommuFaults", "affected"): "firing",
                    ("XenIommuFaults", "faulty"): "firing", ("XenIommuSuspected", "faulty"): "firing",
                    ("XenIommuCheckStale", "faulty"): "firing", ("XenIommuVerdictUnknown", "faulty"): "pending"}
        servers.wait_until(f"alerts {expected}", lambda: self.prometheus.alerts() == expected)

    def test_2_every_query_of_the_dashboard_answers(self):
        # Nothing was lost, nothing changed yet: these may be empty.
        may_be_empty = {"Verdict changed"}
        for title, expression in board_expressions():
            with self.subTest(title):
                result = self.prometheus.query(expression)
                self.assertTrue(result or title in may_be_empty, expression)

    def test_3_the_dashboard_shows_the_fleet(self):
        expressions = dict(board_expressions())

        def value(title):
            return float(self.prometheus.query(expressions[title])[0]["value"][1])

        self.assertEqual(value("Affected hosts"), 1)
        self.assertEqual(value("Likely affected or suspected"), 1)
        self.assertEqual(value("Hosts with faults"), 2)
        self.assertEqual(value("Hosts that report"), 3)
        rows = {row["metric"]["instance"]: row["metric"] for row in self.prometheus.query(expressions["Fleet"])}
        self.assertEqual({name: row["state"] for name, row in rows.items()},
                         {"affected": "affected", "healthy": "not_affected", "faulty": "unknown"})
        self.assertEqual(rows["affected"]["xen_version"], "4.14.1")

    def test_4_a_roll_out_ends_the_alert(self):
        servers.wait_until("the alert fires", lambda: self.state("XenIommuAffected", "affected") == "firing")
        write_metrics(self.hosts["affected"], "xen-4.17-smmu-healthy")
        servers.wait_until("the alert ends", lambda: self.state("XenIommuAffected", "affected") is None)
        self.assertIsNone(self.state("XenIommuFaults", "affected"))

    def test_5_a_host_that_stops_reporting_is_noticed(self):
        (self.hosts["healthy"].folder / "xen_iommu.prom").unlink()
        servers.wait_until("absence is noticed",
                           lambda: self.state("XenIommuCheckAbsent", "healthy") == "pending")


class NamesTest(unittest.TestCase):
    def test_rules_and_dashboard_use_metrics_that_exist(self):
        made = set()
        for capture in CAPTURES.iterdir():
            done = subprocess.run([CHECK, "--capture", capture, "--format", "prometheus"], capture_output=True,
                                  text=True, check=False)
            made |= set(re.findall(r"^# TYPE (\w+)", done.stdout, re.M))
        used = our_metrics(" ".join(re.findall(r"expr: (.*)", RULES.read_text())))
        used |= our_metrics(" ".join(expression for _, expression in board_expressions()))
        self.assertTrue(used)
        self.assertEqual(used - made, set())

    def test_panels_do_not_overlap(self):
        boxes = [panel["gridPos"] for panel in json.loads(BOARD.read_text(encoding="utf-8"))["panels"]]
        for i, a in enumerate(boxes):
            self.assertLessEqual(a["x"] + a["w"], 24)
            for b in boxes[i + 1:]:
                self.assertTrue(a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or
                                a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (a, b))

    def test_ids_are_unique(self):
        ids = [panel["id"] for panel in json.loads(BOARD.read_text(encoding="utf-8"))["panels"]]
        self.assertEqual(len(ids), len(set(ids)))


if __name__ == "__main__":
    if not servers.available():
        print("skipped: prometheus and prometheus-node-exporter are not installed", file=sys.stderr)
        sys.exit(77)
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
