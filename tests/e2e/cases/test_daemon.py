"""xen-iommud under Debian's systemd in dom0, from the unit that is installed, with its whole sandbox."""

import json
import random
import re
import time
from contextlib import contextmanager

from rig.case import RigCase, on
from rig.qemu import PATIENCE
from rig.smmu import ContextFault

UNIT = "xen-iommud"
HISTORY = "/var/lib/xen-iommud"
# The unit gives up after five failures in ten minutes; a test of fifty kills must not.
PATIENT = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=100ms\n"


@on("systemd")
class Daemon(RigCase):
    needs_subject = True

    def setUp(self) -> None:
        super().setUp()
        self.must(
            f"mkdir -p /etc/systemd/system/{UNIT}.service.d && printf '{PATIENT}' > /etc/systemd/system/{UNIT}.service.d/patient.conf; "
            f"systemctl daemon-reload; systemctl reset-failed {UNIT} 2>/dev/null; systemctl start {UNIT}".replace("\n", "\\n")
        )

    # ---- what dom0 says

    def must(self, script: str) -> str:
        return self.stage.dom0.must(script)

    def journal(self, *matches: str) -> list[dict]:
        lines = self.must(f"journalctl -o json --no-pager {' '.join(matches)}").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def history(self) -> list[dict]:
        """All records, both halves; a line that is none would raise."""
        lines = self.must(f"cat {HISTORY}/history.1.ndjson {HISTORY}/history.ndjson 2>/dev/null; true").splitlines()
        return [json.loads(line) for line in lines]

    def recorded(self, faults: list[ContextFault]) -> dict[int, int]:
        """Address -> how many records it has, of these faults."""
        wanted = {fault.target.address: 0 for fault in faults}
        for record in self.history():
            if record["type"] == "fault" and int(record["iova"], 16) in wanted:
                wanted[int(record["iova"], 16)] += 1
        return wanted

    def until(self, what: str, condition, timeout: float = PATIENCE):
        """The first true value of `condition`."""
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            self.assertLess(time.monotonic(), deadline, f"{what}: not after {timeout} s\n" + self.must(f"systemctl status {UNIT}; journalctl -u {UNIT} -n 30 --no-pager; true"))
            time.sleep(0.2)
        return value

    def unique(self, count: int, base: int) -> list[ContextFault]:
        """Faults that nobody else injects, each at an address of its own."""
        return [ContextFault(self.stage.own(base + 0x1000 * number + 8)) for number in range(count)]

    def pid(self) -> int:
        return int(self.must(f"systemctl show -P MainPID {UNIT}"))

    # ---- tests

    def test_runs_in_its_sandbox(self):
        self.assertEqual(self.must(f"systemctl is-active {UNIT}").strip(), "active")
        status = dict(line.split(":\t", 1) for line in self.must(f"cat /proc/{self.pid()}/status").splitlines() if ":\t" in line)
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(int(status["CapBnd"], 16), 0)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(status["Seccomp"].strip(), "2")
        self.assertIn("verdict", self.must(f"systemctl show -P StatusText {UNIT}"))
        self.assertEqual(self.journal("XEN_IOMMU_EVENT=trouble", "_PID=%d" % self.pid()), [])

    def test_a_fault_reaches_journal_history_state_and_metrics(self):
        fault = ContextFault(self.stage.own(0x310148))
        frame = f"{fault.target.frame:#x}"
        self.stage.smmu.inject(fault)
        entry = self.until("journal entry", lambda: self.journal("XEN_IOMMU_EVENT=fault", f"XEN_IOMMU_FRAME={frame}"))[0]
        self.assertEqual(entry["MESSAGE_ID"], "56b217dc974e4080b6b0e3c8fe3fe2ed")
        self.assertEqual(int(entry["XEN_IOMMU_IOVA"], 16), fault.target.address)
        self.assertEqual(entry["XEN_IOMMU_ACCESS"], "read")
        self.assertEqual(int(entry["XEN_IOMMU_FSR"], 16), fault.fsr)
        self.assertEqual(entry["XEN_IOMMU_CB"], "0")
        self.assertIn(fault.printed, entry["XEN_IOMMU_RAW"])
        self.assertTrue(entry["XEN_IOMMU_CAUSE"].startswith("XIC-"))
        self.assertEqual(self.recorded([fault]), {fault.target.address: 1})

        def in_state():
            state = json.loads(self.must("cat /run/xen-iommud/state.json"))
            return [one for one in state["faults"] if one.get("frame") == frame] and state

        state = self.until("state file", in_state)
        self.assertGreaterEqual(state["daemon"]["faults"]["seen"], 1)
        self.assertEqual(state["daemon"]["console"]["lost_bytes"], 0)
        self.assertIn("xen_iommu_faults_total", self.must("cat /run/xen-iommud/metrics.prom"))
        self.assertEqual(self.must("stat -c %a /run/xen-iommud/state.json /run/xen-iommud/metrics.prom").split(), ["644", "644"])
        self.assertIn("ALIVE", self.must("xen-iommu-check status"))

    def test_the_catalog_explains(self):
        self.must("journalctl --update-catalog")
        self.assertIn("XIC-1001", self.must("journalctl --no-pager --dump-catalog 56b217dc974e4080b6b0e3c8fe3fe2ed"))

    def test_a_restart_and_a_reload_lose_nothing(self):
        faults = self.unique(12, 0x400000)
        self.stage.smmu.inject(*faults[:4])
        self.must(f"systemctl restart {UNIT}")
        self.stage.smmu.inject(*faults[4:8])
        self.must(f"systemctl reload {UNIT}")
        self.must(f"systemctl stop {UNIT}")
        self.stage.smmu.inject(*faults[8:])
        self.must(f"systemctl start {UNIT}")
        self.until("all recorded", lambda: all(self.recorded(faults).values()))
        self.assertEqual(set(self.recorded(faults).values()), {1})

    def test_exactly_once_over_kills(self):
        self.kill_while_faults_arrive(kills=6, faults=self.unique(90, 0x500000))

    def restarts(self) -> int:
        return int(self.must(f"systemctl show -P NRestarts {UNIT}"))

    def kill_while_faults_arrive(self, kills: int, faults: list[ContextFault]) -> None:
        """kill -9 at random moments; every printed fault is in the history once, and told or counted in the journal."""
        # Of an entry that the matches below select: else --after-cursor leaves out the first behind it as well.
        cursor = re.search(r"-- cursor: (\S+)", self.must(f"journalctl -n 1 --show-cursor --no-pager SYSLOG_IDENTIFIER={UNIT}"))[1]
        share = -(-len(faults) // kills)
        done = 0
        for begin in range(0, len(faults), share):
            before = self.restarts()
            part = faults[begin : begin + share]
            self.must(f"(usleep {random.randrange(len(part) * 30_000)}; systemctl kill -s KILL {UNIT}) > /dev/null 2>&1 &")
            for fault in part:
                self.stage.smmu.inject(fault)
                time.sleep(random.random() * 0.03)
            self.until("killed and running again", lambda b=before: self.restarts() > b and self.must(f"systemctl is-active {UNIT} || true").strip() == "active")
            done += 1
        self.assertEqual(done, kills)
        printed = "".join(self.stage.fault_lines())
        self.assertTrue(all(f"iova={fault.target.address:#x}," in printed for fault in faults), "the hypervisor printed them all")
        self.until("all recorded", lambda: all(self.recorded(faults).values()))
        self.assertEqual(set(self.recorded(faults).values()), {1})
        self.must(f"systemctl restart {UNIT}")
        self.must("journalctl --sync")
        told = self.journal(f"--after-cursor='{cursor}'", f"SYSLOG_IDENTIFIER={UNIT}")
        alone = {entry["XEN_IOMMU_EVENT_ID"] for entry in told if entry.get("XEN_IOMMU_EVENT") == "fault"}
        counted = sum(int(entry["XEN_IOMMU_COUNT"]) for entry in told if entry.get("XEN_IOMMU_EVENT") == "fault_summary")
        counted += sum(int(entry["XEN_IOMMU_UNTOLD"]) for entry in told if entry.get("XEN_IOMMU_EVENT") == "started")
        untold = [record for record in self.history() if record["type"] == "fault" and record["id"] not in alone
                  and int(record["iova"], 16) in {fault.target.address for fault in faults}]
        self.assertGreaterEqual(len(alone) + counted, len(faults), f"neither told nor counted are some of {untold[:20]}")
        twice = sum(1 for entry in told if entry.get("XEN_IOMMU_EVENT") == "fault") - len(alone)
        print(f"      {done} kills during {len(faults)} faults: each recorded once; {len(alone)} told alone ({twice} twice), {counted} counted", flush=True)

    def test_a_bad_configuration_keeps_the_old_settings(self):
        self.must("mkdir -p /etc/xen-iommud/conf.d && printf '[Watch]\\nPollInterval=never\\n' > /etc/xen-iommud/conf.d/bad.conf")
        try:
            self.must(f"systemctl reload {UNIT}")
            entry = self.until("said so", lambda: self.journal("XEN_IOMMU_EVENT=trouble", "XEN_IOMMU_TROUBLE=configuration"))[-1]
            self.assertIn("bad.conf:2", entry["XEN_IOMMU_DETAIL"])
            self.assertEqual(self.must(f"systemctl is-active {UNIT}").strip(), "active")
        finally:
            self.must(f"rm /etc/xen-iommud/conf.d/bad.conf; systemctl reload {UNIT}")

    @contextmanager
    def configured(self, settings: str, *drop_ins: str):
        """Restarted with these settings, and with drop-ins that are installed; as before afterwards."""
        folder = f"/etc/systemd/system/{UNIT}.service.d"
        links = " ".join(f"{folder}/{name}.conf" for name in drop_ins)
        self.must(f"mkdir -p /etc/xen-iommud/conf.d; printf '[Watch]\\n{settings}\\n' > /etc/xen-iommud/conf.d/test.conf; "
                  + "".join(f"ln -s /usr/share/xen-iommu-check/systemd/{name}.conf {folder}/; " for name in drop_ins)
                  + f"systemctl daemon-reload; systemctl restart {UNIT}")
        try:
            yield
        finally:
            # Stopped while it still may do what it has to undo.
            self.must(f"systemctl stop {UNIT}; rm -f /etc/xen-iommud/conf.d/test.conf {links}; systemctl daemon-reload; systemctl start {UNIT}")

    def state(self) -> dict:
        return json.loads(self.must("cat /run/xen-iommud/state.json"))

    def told_since(self, *matches: str) -> list[dict]:
        """By the process that runs now."""
        return self.journal(f"_PID={self.pid()}", *matches)

    def test_the_probe_is_refused_by_the_sandbox_and_says_so(self):
        self.must(f"rm -f {HISTORY}/probe.json")
        with self.configured("Probe=once-per-boot"):
            entry = self.until("said so", lambda: self.told_since("XEN_IOMMU_EVENT=trouble", "XEN_IOMMU_TROUBLE=probe"))[0]
            self.assertIn("probe.conf", entry["MESSAGE"])

    def test_the_probe_decides_once_per_boot(self):
        """With its drop-ins, and without a capability that opens /proc/iomem: the open file comes from systemd."""
        self.must(f"rm -f {HISTORY}/probe.json")
        with self.configured("Probe=once-per-boot", "recorder", "probe"):
            entry = self.until("probed", lambda: self.told_since("XEN_IOMMU_EVENT=probed"))[0]
            self.assertEqual(entry["XEN_IOMMU_ANSWER"], "absent")
            self.assertGreaterEqual(int(entry["XEN_IOMMU_FRAMES"]), 2)
            state = self.until("judged", lambda: (s := self.state())["probe"].get("answer") == "absent" and s)
            self.assertEqual(state["verdict"]["state"], "affected")
            self.assertEqual(state["daemon"]["troubles"], [])
            capabilities = int(re.search(r"CapEff:\s+(\w+)", self.must(f"cat /proc/{self.pid()}/status"))[1], 16)
            self.assertFalse(capabilities & 1 << 21, "CAP_SYS_ADMIN")
            self.must(f"systemctl restart {UNIT}")
            self.until("remembered", lambda: self.state()["daemon"]["pid"] == self.pid() and self.state()["probe"]["answer"] == "absent")
            self.assertEqual(self.told_since("XEN_IOMMU_EVENT=probed"), [])

    def test_woken_by_xen_on_request(self):
        """With a timer of a minute: only Xen's event can have told so soon."""
        with self.configured("Wakeup=virq\\nPollInterval=1min", "wakeup"):
            self.must("sleep 5")
            self.assertEqual(self.state()["daemon"]["troubles"], [])
            fault = ContextFault(self.stage.own(0x360148))
            self.stage.smmu.inject(fault)
            self.until("journal entry", lambda: self.journal("XEN_IOMMU_EVENT=fault", f"XEN_IOMMU_FRAME={fault.target.frame:#x}"), timeout=30)

    def test_not_woken_where_the_sandbox_forbids_it(self):
        with self.configured("Wakeup=virq"):
            entry = self.until("said so", lambda: self.told_since("XEN_IOMMU_EVENT=trouble", "XEN_IOMMU_TROUBLE=wakeup"))[0]
            self.assertIn("/dev/xen/evtchn", entry["XEN_IOMMU_DETAIL"])

    def test_it_stops_when_told(self):
        """By itself, and not by systemd's kill. How long it takes: `scripts/soak stop`."""
        before = len(self.journal("XEN_IOMMU_EVENT=stopped"))
        self.must(f"systemctl stop {UNIT}")
        self.until("its last word", lambda: len(self.journal("XEN_IOMMU_EVENT=stopped")) == before + 1)
        self.assertNotIn("SIGKILL", self.must(f"journalctl -u {UNIT} -n 20 --no-pager"))
        self.must(f"systemctl start {UNIT}")

    def test_the_recorder_names_data_grants(self):
        """With its drop-in the sandbox lets the daemon at tracefs, and at nothing more; when it stops the kernel is as before."""
        guest = self.stage.guests[0]
        with self.configured("Recorder=always", "recorder"):
            self.until("recording", lambda: "xen_iommu" in self.must("cat /sys/kernel/tracing/kprobe_events"))
            ref = guest.refs[0]
            with self.stage.held(guest, ref):
                # A fault's time is known to the interval between two looks at the console.
                self.must("sleep 3")
                fault = ContextFault(self.stage.granted(guest.domain, ref, offset=0x88))
                self.stage.smmu.inject(fault)
                frame = f"{fault.target.frame:#x}"
                entry = self.until("journal entry", lambda: self.journal("XEN_IOMMU_EVENT=fault", f"XEN_IOMMU_FRAME={frame}"))[0]
            expected = {"XEN_IOMMU_ATTRIBUTION": "exact", "XEN_IOMMU_DOMID": str(guest.domain), "XEN_IOMMU_DOMAIN": guest.name,
                        "XEN_IOMMU_GRANT_REF": f"{ref:#x}"}
            self.assertEqual({key: entry.get(key) for key in expected}, expected)
            self.must("sleep 2")
            state = self.state()
            attribution = next(one["attribution"] for one in state["faults"] if one.get("frame") == frame)
            self.assertIn("flight recorder", attribution["source"])
            self.assertEqual(state["daemon"]["troubles"], [])
        self.assertNotIn("xen_iommu", self.must("cat /sys/kernel/tracing/kprobe_events; ls /sys/kernel/tracing/instances"))

    def test_whose_page_it_was(self):
        """A ring page: named at the fault by a dump of the daemon's own, and for good, also when its guest has gone."""
        guest = self.stage.guests[0]
        backend, ref = self.stage.tx_ring(guest)
        fault = ContextFault(self.stage.granted(guest.domain, ref, backend, offset=0x148))
        self.must("mkdir -p /etc/xen-iommud/conf.d && printf '[Watch]\\nGrantDump=small\\n' > /etc/xen-iommud/conf.d/dump.conf; "
                  f"systemctl reload {UNIT}")
        dumps = self.stage.qemu.serial.count("gnttab_usage_print_all [")
        self.stage.smmu.inject(fault)
        frame = f"{fault.target.frame:#x}"
        entry = self.until("journal entry", lambda: self.journal("XEN_IOMMU_EVENT=fault", f"XEN_IOMMU_FRAME={frame}"))[0]
        self.assertEqual(self.stage.qemu.serial.count("gnttab_usage_print_all ["), dumps + 1)
        expected = {"XEN_IOMMU_ATTRIBUTION": "exact", "XEN_IOMMU_DOMID": str(guest.domain), "XEN_IOMMU_DOMAIN": guest.name,
                    "XEN_IOMMU_GRANT_REF": f"{ref:#x}", "XEN_IOMMU_BACKEND": backend}
        self.assertEqual({key: entry.get(key) for key in expected}, expected)

        def attribution():
            faults = json.loads(self.must("cat /run/xen-iommud/state.json"))["faults"]
            return next((one["attribution"] for one in faults if one.get("frame") == frame), None)

        before = self.until("state file", attribution)
        self.assertEqual((before["state"], before["granter"], before["ref"], before["backend"]),
                         ("exact", {"domid": guest.domain, "name": guest.name}, f"{ref:#x}", backend))
        record = next(one for one in self.history() if one.get("frame") == frame)
        self.assertEqual(record["granted_now"], "granted")
        self.must(f"xl destroy {guest.name}")
        self.must("sleep 3")
        self.assertEqual(attribution(), before)

    def test_a_storm_stays_bounded(self):
        self.storm(printed=2_000)

    def storm(self, printed: int, pause_bytes: int = 0) -> None:
        """One fault as fast as it goes, until so many lines were printed: memory, journal, and what was read and lost add up.
        With `pause_bytes` the daemon is stopped meanwhile until so much was printed: more than the ring holds."""
        fault = ContextFault(self.stage.own(0x330148))
        before = self.settled()
        entries = len(self.journal(f"SYSLOG_IDENTIFIER={UNIT}"))
        lines, begin = len(self.stage.fault_lines()), time.monotonic()
        highest = self.memory()
        while len(self.stage.fault_lines()) - lines < printed:
            self.stage.smmu.storm([fault] * 500)
            highest = max(highest, self.memory(), key=lambda memory: memory["VmRSS"])
            if pause_bytes and len(self.stage.fault_lines()) - lines > printed // 2:
                self.must(f"systemctl kill -s STOP {UNIT}")
                target = self.stage.xen.ring().next + pause_bytes
                while self.stage.xen.ring().next < target:
                    self.stage.smmu.storm([fault] * 500)
                self.must(f"systemctl kill -s CONT {UNIT}")
                pause_bytes = 0
        seconds = time.monotonic() - begin
        after = self.settled()
        highest = max(highest, self.memory(), key=lambda memory: memory["VmRSS"])
        printed = len(self.stage.fault_lines()) - lines
        read, lost, moved = (after["console"][key] - before["console"][key] for key in ("read_bytes", "lost_bytes", "cursor"))
        seen = after["faults"]["seen"] - before["faults"]["seen"]
        new_entries = len(self.journal(f"SYSLOG_IDENTIFIER={UNIT}")) - entries
        print(f"      storm: {printed} lines printed in {seconds:.0f} s, {seen} seen; {read} bytes read + {lost} lost = {read + lost}, "
              f"the cursor moved by {moved}; {new_entries} journal entries, at most {highest} KiB", flush=True)
        self.assertEqual(read + lost, moved)
        if lost == 0:
            self.assertEqual(seen, printed)
        self.assertLess(highest["VmRSS"], 16 * 1024)
        self.assertLess(new_entries, 60)

    def settled(self) -> dict:
        """daemon{} of the state file once everything that was printed has been read."""
        end = self.stage.xen.ring().next
        now = self.until("everything read", lambda: (d := json.loads(self.must("cat /run/xen-iommud/state.json"))["daemon"])["console"]["cursor"] >= end and d)
        self.must("sleep 2")
        return json.loads(self.must("cat /run/xen-iommud/state.json"))["daemon"] if self.stage.xen.ring().next == end else now

    def memory(self) -> dict[str, int]:
        """KiB, from /proc/PID/status."""
        lines = self.must(f"grep -E '^(VmRSS|RssAnon|RssFile|RssShmem)' /proc/{self.pid()}/status").splitlines()
        return {line.split(":")[0]: int(line.split()[1]) for line in lines}

    def test_journald_gone_and_back(self):
        fault = ContextFault(self.stage.own(0x320148), write=True)
        self.must("systemctl kill -s STOP systemd-journald")
        try:
            self.stage.smmu.inject(fault)
            self.until("recorded", lambda: all(self.recorded([fault]).values()))
        finally:
            self.must("systemctl kill -s CONT systemd-journald")
        self.until("told", lambda: self.journal("XEN_IOMMU_EVENT=fault", f"XEN_IOMMU_FRAME={fault.target.frame:#x}"))
