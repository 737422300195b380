#!/usr/bin/env python3
"""The real daemon on a host that is played: libraries with the names of Xen's (tests/fakes/xen), a xenstored
(tests/fakes/fake_xenstored.py), /proc and /sys below a folder, and a listener in the place of systemd.

running_daemon_test.py SOURCE_DIR DAEMON CHECK FAKE_LIBRARIES
"""
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE, DAEMON, CHECK, FAKES = (pathlib.Path(path) for path in sys.argv[1:5])
sys.argv = [sys.argv[0], str(SOURCE), str(CHECK), str(FAKES)]
sys.path.insert(0, str(SOURCE / "tests/live"))

from running_host_test import FAULT, Host  # noqa: E402

PATIENCE = 60.0


def fault(page):
    """A line of its own; page numbers lie in a guest's memory."""
    return FAULT.replace("0x97f75", f"{0x90000 + page:#x}")


class Daemon:
    """xen-iommud with folders of its own, and what it tells systemd."""

    def __init__(self, test, host, **environment):
        self.test, self.host = test, host
        for name in ("configuration", "state", "runtime"):
            (host.root / name).mkdir(exist_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = host.root / "notify"
        address.unlink(missing_ok=True)
        self.notify.bind(str(address))
        self.notify.settimeout(0.05)
        self.told = []
        folders = [f"--{name}={host.root / name}" for name in ("configuration", "state", "runtime")]
        self.errors = (host.root / "stderr").open("a+", encoding="utf-8")
        self.process = subprocess.Popen([DAEMON, *folders, "--sysroot", host.root], stderr=self.errors,
                                        env={**host.env, "NOTIFY_SOCKET": str(address), **environment})
        test.addCleanup(self.close)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.notify.close()
        self.errors.close()

    def listen(self):
        try:
            self.told += self.notify.recv(65536).decode().split("\n")
        except TimeoutError:
            pass

    def until(self, what, condition):
        """The first true value of `condition`, which a file that is not there yet leaves false."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.listen()
            try:
                value = condition()
            except (FileNotFoundError, KeyError, IndexError):
                value = None
            if value:
                return value
            said = (self.host.root / "stderr").read_text()[-3000:]
            self.test.assertIsNone(self.process.poll(), f"{what}: it has ended\n{said}")
            self.test.assertLess(time.monotonic(), deadline, f"{what}: not seen. It told {self.told[-20:]}\n{said}")

    def ready(self):
        self.until("READY=1", lambda: "READY=1" in self.told)
        return self

    def state(self):
        return json.loads((self.host.root / "runtime/state.json").read_text())

    def troubles(self):
        return {trouble["id"] for trouble in self.state()["daemon"]["troubles"]}

    def recorded(self):
        """Addresses of the faults in the history, in order."""
        lines = []
        for name in ("history.1.ndjson", "history.ndjson"):
            path = self.host.root / "state" / name
            if path.exists():
                lines += path.read_text().splitlines()
        # Behind a line that may have been cut off a new one begins with an empty one.
        records = [json.loads(line) for line in lines if line]
        return [int(record["iova"], 16) for record in records if record["type"] == "fault"]

    def see(self, page):
        self.host.print(fault(page))
        self.until("recorded", lambda: (0x90000 + page) << 12 | 0x148 in self.recorded())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        for _ in range(20):
            self.listen()
        return status


@unittest.skipUnless(os.geteuid() == 0, "plays root")
class RunningDaemonTest(unittest.TestCase):
    def host(self, **options):
        host = Host(self.enterContext(tempfile.TemporaryDirectory()), **options)
        self.addCleanup(host.close)
        return host

    def start(self, host, **environment):
        return Daemon(self, host, **environment).ready()

    def configure(self, host, text, name="xen-iommud.conf"):
        (host.root / "configuration").mkdir(exist_ok=True)
        (host.root / "configuration" / name).write_text("[Watch]\n" + text + "\n")

    # ---- what systemd is told

    def test_ready_comes_after_the_first_reading(self):
        host = self.host(more="fail readconsole EPERM 1\nfail readconsole EPERM 2")
        daemon = Daemon(self, host)
        daemon.until("its status", lambda: any("waiting for Xen's console" in line for line in daemon.told))
        self.assertNotIn("READY=1", daemon.told)
        daemon.ready()
        daemon.until("a verdict in its status", lambda: any("verdict affected" in line for line in daemon.told))

    def test_it_pings_the_watchdog_from_its_loop(self):
        daemon = self.start(self.host(), WATCHDOG_USEC="400000")
        daemon.until("pings", lambda: daemon.told.count("WATCHDOG=1") >= 3)

    def test_it_stops_when_told(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.start(self.host())
            daemon.see(0)
            self.assertEqual(daemon.stop(number), 0)
            self.assertIn("STOPPING=1", daemon.told)
            self.assertEqual(len(daemon.recorded()), 1)

    def test_a_reload_takes_new_settings_and_keeps_the_old_ones_where_they_are_bad(self):
        host = self.host()
        self.configure(host, "PollInterval=10s\nHistorySize=64K")
        daemon = self.start(host)
        self.configure(host, "PollInterval=never")
        daemon.told.clear()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("reloaded", lambda: "READY=1" in daemon.told)
        self.assertLess(daemon.told.index("RELOADING=1"), daemon.told.index("READY=1"))
        daemon.until("trouble", lambda: "configuration" in daemon.troubles())
        self.configure(host, "PollInterval=100ms")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("no trouble", lambda: "configuration" not in daemon.troubles())
        daemon.see(1)

    def test_a_bad_configuration_at_the_start_leaves_the_defaults(self):
        host = self.host()
        self.configure(host, "PollInterval=never\nNoSuchKey=1")
        self.start(host).see(1)
        said = (host.root / "stderr").read_text()
        self.assertIn("xen-iommud.conf:2: PollInterval must be", said)
        self.assertIn("xen-iommud.conf:3: unknown key NoSuchKey", said)

    # ---- faults

    def test_a_fault_is_attributed_recorded_and_published(self):
        host = self.host()
        self.configure(host, "GrantDump=small")
        daemon = self.start(host)
        self.assertFalse(daemon.until("its first state", daemon.state)["verdict"]["observed"])
        host.print(FAULT)
        state = daemon.until("published", lambda: daemon.state()["faults"] and daemon.state())
        attribution = state["faults"][0]["attribution"]
        self.assertEqual((attribution["state"], attribution["granter"], attribution["ref"], attribution["backend"]),
                         ("exact", {"domid": 1, "name": "web01"}, "0x208", "vif1.0"))
        self.assertTrue(state["verdict"]["observed"])
        self.assertEqual(len(daemon.recorded()), 1)
        self.assertIn("xen_iommu_faults_total", (host.root / "runtime/metrics.prom").read_text())
        for name in ("state.json", "metrics.prom"):
            self.assertEqual((host.root / "runtime" / name).stat().st_mode & 0o777, 0o644)
        calls = host.calls()
        self.assertFalse([call for call in calls if "clear=1" in call])
        asked = next(i for i, call in enumerate(calls) if "cache_flush" in call)
        dumped = next(i for i, call in enumerate(calls) if "debug_keys" in call)
        self.assertLess(asked, dumped, "the question first: its answer is about now")

    def test_exactly_once_over_kills_and_restarts(self):
        host = self.host(ring_size=1 << 20)
        page = 0
        for life in range(8):
            daemon = self.start(host)
            for _ in range(life % 4):
                host.print(fault(page))
                page += 1
            if life % 3 == 0:
                daemon.see(page)
                page += 1
            if life % 2:
                self.assertEqual(daemon.stop(), 0)
            else:
                daemon.process.kill()
                daemon.process.wait(PATIENCE)
            host.print(fault(page))  # while nobody watches
            page += 1
        daemon = self.start(host)
        daemon.until("all recorded", lambda: len(daemon.recorded()) >= page)
        self.assertEqual(sorted(daemon.recorded()), [(0x90000 + i) << 12 | 0x148 for i in range(page)])

    def test_a_ring_that_was_overwritten_is_a_loss_to_the_byte(self):
        host = self.host(ring_size=16384)
        daemon = self.start(host)
        daemon.see(0)
        before = daemon.state()["daemon"]["console"]
        host.print("x" * 39999 + "\n")
        console = daemon.until("lost", lambda: (now := daemon.state()["daemon"]["console"])["lost_bytes"] and now)
        self.assertEqual(console["lost_bytes"], 40000 - 16384)
        self.assertGreater(console["gaps"], before["gaps"])
        daemon.see(1)

    # ---- when something fails

    def test_a_full_disk_is_a_trouble_and_nothing_is_forgotten(self):
        host = self.host()
        daemon = self.start(host)
        history = host.root / "state/history.ndjson"
        history.rename(host.root / "away")
        try:
            os.mknod(history, stat.S_IFCHR | 0o600, os.makedev(1, 7))
            history.open("wb").close()
        except PermissionError:
            self.skipTest("NO DEVICE NODE can be made here: what /dev/full does is not tested")
        host.print(fault(1) + fault(2))
        daemon.until("trouble", lambda: "history" in daemon.troubles() and len(daemon.state()["faults"]) == 2)
        self.assertIn("No space left", next(trouble["detail"] for trouble in daemon.state()["daemon"]["troubles"]
                                            if trouble["id"] == "history"))
        (host.root / "away").rename(history)
        daemon.until("recovered", lambda: "history" not in daemon.troubles())
        daemon.see(3)
        self.assertEqual(len(set(daemon.recorded())), 3)
        self.assertEqual(len(daemon.recorded()), 3)

    def test_a_state_directory_that_is_gone(self):
        host = self.host()
        daemon = self.start(host)
        (host.root / "state").rename(host.root / "away")
        host.print(fault(1))
        daemon.until("trouble", lambda: "history" in daemon.troubles())
        (host.root / "away").rename(host.root / "state")
        daemon.until("recorded", lambda: len(daemon.recorded()) == 1)
        daemon.until("recovered", lambda: "history" not in daemon.troubles())

    def test_a_runtime_directory_that_is_gone(self):
        host = self.host()
        daemon = self.start(host)
        daemon.until("its first state", daemon.state)
        (host.root / "runtime").rename(host.root / "away")
        daemon.see(1)
        daemon.until("said", lambda: any("trouble: state" in line for line in daemon.told))
        (host.root / "runtime").mkdir()
        daemon.until("published again", lambda: daemon.state()["faults"])

    def test_a_damaged_history(self):
        host = self.host()
        daemon = self.start(host)
        daemon.see(0)
        daemon.process.kill()
        daemon.process.wait(PATIENCE)
        history = host.root / "state/history.ndjson"
        whole = history.read_bytes()
        for damage in (whole[:-7], whole + b'{"type":"fault","cursor":', whole + b"\0" * 4096, b"\xff\xfe rubbish\n" + whole,
                       whole + b'{"type":"checkpoint","cursor":"99999999999999999999"}\n'):
            history.write_bytes(damage)
            daemon = self.start(host)
            host.print(fault(1))
            daemon.until("goes on", lambda d=daemon: d.state()["daemon"]["faults"]["seen"] >= 1)
            daemon.process.kill()
            daemon.process.wait(PATIENCE)

    # ---- what is configured

    def test_xenconsoleds_log_where_the_ring_cannot_be_read(self):
        host = self.host(more="fail readconsole EPERM")
        log = host.root / "var/log/xen/console/hypervisor.log"
        log.parent.mkdir(parents=True)
        log.write_text(fault(1))
        daemon = self.start(host)
        self.assertEqual(daemon.state()["daemon"]["console"]["source"], f"file:{log}")
        with log.open("a") as more:
            more.write(fault(2))
        daemon.until("followed", lambda: len(daemon.recorded()) == 2)
        log.rename(f"{log}.1")
        log.write_text(fault(3))
        daemon.until("followed over the rotation", lambda: len(daemon.recorded()) == 3)
        daemon.process.kill()
        daemon.close()
        with log.open("a") as more:
            more.write(fault(4))
        daemon = self.start(host)
        daemon.until("followed over the kill", lambda: len(daemon.recorded()) == 4)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([(address >> 12) - 0x90000 for address in daemon.recorded()], [1, 2, 3, 4])

    def test_a_log_by_name_is_waited_for(self):
        host = self.host()
        log = host.root / "xen.log"
        self.configure(host, "ConsoleSource=/xen.log")
        daemon = Daemon(self, host)
        daemon.until("said so", lambda: any("xen.log" in line for line in (host.root / "stderr").read_text().splitlines()))
        log.write_text(fault(7))
        daemon.ready()
        daemon.until("read", lambda: daemon.recorded() == [0x90007 << 12 | 0x148])

    def evtchn_calls(self, host):
        return [call for call in host.calls() if call.split()[0] in ("bind_virq", "unmask", "close_evtchn")]

    def test_woken_by_xens_event_while_that_is_wanted(self):
        host = self.host(more="pending")
        self.configure(host, "Wakeup=virq\nPollInterval=1min")
        daemon = self.start(host)
        daemon.until("woken", lambda: "unmask" in host.calls())
        self.configure(host, "Wakeup=poll")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("given back", lambda: "close_evtchn" in host.calls())
        self.assertEqual(self.evtchn_calls(host), ["bind_virq 8", "unmask", "close_evtchn"])
        self.assertEqual(daemon.stop(), 0)

    def test_xens_event_is_not_asked_for_unless_it_is_wanted(self):
        host = self.host()
        daemon = self.start(host)
        daemon.see(1)
        self.assertEqual(self.evtchn_calls(host), [])

    def test_xens_event_is_left_to_an_xenconsoled_that_wants_it(self):
        host = self.host()
        for name, content in {"comm": b"xenconsoled\n", "cmdline": b"/usr/sbin/xenconsoled\0--log=all\0"}.items():
            path = host.root / "proc/812" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        self.configure(host, "Wakeup=virq")
        daemon = self.start(host)
        daemon.until("refused", lambda: "wakeup" in daemon.troubles())
        daemon.see(1)
        self.assertEqual(self.evtchn_calls(host), [])

    def test_a_probe_that_is_not_possible_says_why(self):
        host = self.host()
        self.configure(host, "Probe=once-per-boot")
        daemon = self.start(host)
        daemon.until("said so", lambda: "probe" in daemon.troubles())
        self.assertEqual(daemon.state()["probe"]["answer"], "not_possible")
        daemon.see(1)

    def test_xenstored_is_restarted(self):
        host = self.host()
        self.configure(host, "GrantDump=small")
        daemon = self.start(host)
        for command in (["restart"], ["set", "/local/domain/1/name", "web02"],
                        ["set", "/local/domain/0/backend/vif/1/0/state", "4"]):
            host.store.stdin.write(json.dumps(command) + "\n")
        host.store.stdin.flush()
        time.sleep(0)  # the daemon finds out by asking
        host.print(FAULT)
        name = daemon.until("attributed", lambda: daemon.state()["faults"][0]["attribution"]["granter"])["name"]
        self.assertIn(name, ("web01", "web02"))

    def test_without_xenstored(self):
        host = self.host(store=False)
        daemon = self.start(host)
        daemon.see(1)
        daemon.until("said", lambda: "xenstore" in daemon.troubles())

    # ---- hostile content

    def test_whatever_is_printed_what_it_writes_stays_well_formed(self):
        host = self.host(ring_size=1 << 18)
        daemon = self.start(host)
        host.print("\x1b[2J\x00\x07 guest: " + fault(1) + "(XEN) smmu: /smmu@\"\\}{: Unhandled context fault: fsr=0x402, "
                   "iova=0x9ff75148, fsynr=0xb0001, cb=0\n" + "(XEN) " + "A" * 70000 + "\n")
        host.print(fault(3))
        state = daemon.until("seen", lambda: len(daemon.state()["faults"]) >= 3 and daemon.state())
        forged = [one for one in state["faults"] if one["iova"] == "0x90001148"]
        self.assertEqual([one["authentic"] for one in forged], [False])
        daemon.recorded()  # each line is JSON
        self.assertNotIn("\x1b", (host.root / "runtime/metrics.prom").read_text())
        try:
            import jsonschema
        except ImportError:
            return
        schema = json.loads((SOURCE / "docs/schema/report-1.schema.json").read_text())
        jsonschema.validate(state, schema)


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
