#!/usr/bin/env python3
"""The real program on a host that is played: libraries with the names of Xen's (tests/fakes/xen), a xenstored
(tests/fakes/fake_xenstored.py), and /proc and /sys below a folder.

running_host_test.py SOURCE_DIR CHECK FAKE_LIBRARIES
"""
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

SOURCE, CHECK, FAKES = (pathlib.Path(path) for path in sys.argv[1:4])
DEMO = SOURCE / "tests/data/captures/xen-4.14.1-smmu"
FAULT = ("(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x97f75148, fsynr=0xb0001, cb=0\n")
BOOT = """(XEN) RAM: 0000000040000000 - 00000000bfffffff
(XEN) Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc (GCC) 10.2.0) debug=n  Thu Dec 17
(XEN) Latest ChangeSet: Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352
(XEN) I/O virtualisation enabled
(XEN) Allocating 1:1 mappings totalling 512MB for dom0:
(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)
"""
DUMP = """(XEN) gnttab_usage_print_all [ key 'g' pressed
(XEN)       -------- active --------       -------- shared --------
(XEN) [ref] localdom mfn      pin          localdom gmfn     flags
(XEN) grant-table for remote d1 (v1)
(XEN)   1 frames (64 max), 0 maptrack frames (1024 max)
(XEN) [0x208]      0 0x97f75 0x00000001          0 0x097f75 0x19
(XEN) gnttab_usage_print_all ] done
"""
STORE = {
    "/local/domain/0/name": "Domain-0",
    "/local/domain/0/backend/vif/1/0/frontend": "/local/domain/1/device/vif/0",
    "/local/domain/0/backend/vif/1/0/frontend-id": "1",
    "/local/domain/0/backend/vif/1/0/mac": "00:16:3e:aa:bb:01",
    "/local/domain/0/backend/vif/1/0/state": "4",
    "/local/domain/1/name": "web01",
    "/local/domain/1/device/vif/0/backend": "/local/domain/0/backend/vif/1/0",
    "/local/domain/1/device/vif/0/backend-id": "0",
    "/local/domain/1/device/vif/0/tx-ring-ref": "520",
    "/local/domain/1/device/vif/0/state": "4",
}
HYPERVISOR = """version 4 14
extra .1
changeset Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352
capabilities xen-3.0-aarch64 xen-3.0-armv7l
command_line console=dtuart
compiler aarch64-linux-gnu-gcc (GCC) 10.2.0
compile_by builder
compile_domain example.org
compile_date Thu Dec 17
features 0 2801
sysctl {sysctl}
cpus 4
physcap 0x2d
console {root}/console
ring_size {ring_size}
grant_dump {root}/dump
granted 97f75
domain 1 1 64
page 1 520 {root}/page
calls {root}/calls
{more}
"""


def cells(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


class Host:
    """A dom0 of Xen 4.14.1 with one guest."""

    def __init__(self, root, sysctl="0x13", ring_size=16384, more="", store=True):
        self.root = pathlib.Path(root)
        for name, content in {
                "proc/xen/capabilities": b"control_d\n",
                "proc/1/comm": b"systemd\n",
                "proc/iomem": b"09000000-09000fff : pl011@9000000\n40000000-5fffffff : System RAM\n"
                              b"80000000-bfffffff : System RAM\n",
                "sys/hypervisor/type": b"xen\n",
                "sys/firmware/devicetree/base/#address-cells": cells(2),
                "sys/firmware/devicetree/base/#size-cells": cells(2),
                "sys/firmware/devicetree/base/memory@40000000/device_type": b"memory\0",
                "sys/firmware/devicetree/base/memory@40000000/reg": cells(0, 0x40000000, 0, 0x20000000)}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.console = self.root / "console"
        self.console.write_text(BOOT)
        (self.root / "dump").write_text(DUMP)
        (self.root / "page").write_bytes(bytes(4096))
        (self.root / "calls").write_text("")
        script = self.root / "xen"
        script.write_text(HYPERVISOR.format(root=self.root, sysctl=sysctl, ring_size=ring_size, more=more))
        self.env = {**os.environ, "XIC_FAKE_XEN": str(script), "LD_LIBRARY_PATH": str(FAKES),
                    "XENSTORED_PATH": str(self.root / "xenstored")}
        self.installed = None
        self.store = None
        if store:
            values = self.root / "store.json"
            values.write_text(json.dumps({"values": STORE}))
            self.store = subprocess.Popen(
                [sys.executable, "-B", SOURCE / "tests/fakes/fake_xenstored.py", self.env["XENSTORED_PATH"], values],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert "ready" in self.store.stdout.readline()

    def close(self):
        if self.store:
            self.store.stdin.close()
            self.store.wait(timeout=60)
            self.store.stdout.close()

    def print(self, text):
        with self.console.open("a", encoding="utf-8") as console:
            console.write(text)

    def run(self, *arguments, user=None):
        program = self.installed or CHECK
        if user is not None and not self.installed:  # who may not look into the folder of the build
            program = self.installed = pathlib.Path(shutil.copy(CHECK, self.root))
            shutil.copytree(FAKES, self.root / "lib", ignore=shutil.ignore_patterns("CMake*", "*.cmake"))
            self.env["LD_LIBRARY_PATH"] = str(self.root / "lib")
        return subprocess.run([program, *map(str, arguments), "--sysroot", self.root], env=self.env, user=user,
                              capture_output=True, text=True, check=False, timeout=120)

    def calls(self):
        return (self.root / "calls").read_text().splitlines()


@unittest.skipUnless(os.geteuid() == 0, "plays root, too")
class RunningHostTest(unittest.TestCase):
    def host(self, **options):
        host = Host(self.enterContext(tempfile.TemporaryDirectory()), **options)
        self.addCleanup(host.close)
        return host

    def judge(self, host, *arguments, expect, user=None):
        done = host.run("--json", *arguments, user=user)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout)

    @staticmethod
    def limits(report):
        return {limit["id"] for limit in report["limits"]}

    def test_check_live_and_from_its_capture(self):
        host = self.host()
        host.print(FAULT)
        live = self.judge(host, expect=2)
        self.assertEqual(live["verdict"]["state"], "affected")
        self.assertEqual((live["input"]["mode"], live["input"]["root"]), ("live", True))
        self.assertEqual(live["hypervisor"]["sysctl_abi"], "0x13")
        self.assertIn("abi_bridged", self.limits(live), "libxenctrl here is of 4.17")
        self.assertEqual(live["faults"][0]["attribution"]["backend"], "vif1.0")
        self.assertEqual(live["faults"][0]["attribution"]["granter"], {"domid": 1, "name": "web01"})
        for target in ("case", "case.tar.gz"):
            path = host.root / target
            done = host.run("capture", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(subprocess.run([CHECK, "--json", "--capture", path], capture_output=True, text=True,
                                               check=False, timeout=120).stdout)
            self.assertEqual(report["verdict"], live["verdict"])
            self.assertEqual([fault["cause"] for fault in report["faults"]],
                             [fault["cause"] for fault in live["faults"]])
            again = host.run("capture", path)
            self.assertEqual(again.returncode, 74, "what exists is not replaced")

    def test_mask(self):
        host = self.host()
        path = host.root / "masked.tgz"
        self.assertEqual(host.run("capture", "--mask", path).returncode, 0)
        with tarfile.open(path) as archive:
            text = b"".join(archive.extractfile(member).read() for member in archive if member.isfile())
        for secret in (b"web01", b"aa:bb:01"):
            self.assertNotIn(secret, text)
        self.assertIn(b'"masked": true', text)

    def test_grants(self):
        host = self.host()
        report = self.judge(host, "grants", expect=0)
        self.assertEqual(len(report["grants"]), 1)
        grant = report["grants"][0]
        self.assertEqual((grant["granter"]["name"], grant["ref"], grant["frame"], grant["backend"], grant["state"]),
                         ("web01", "0x208", "0x97f75", "vif1.0", "mapped_now"))
        self.assertIn("web01", host.run("grants").stdout)

    def test_grants_of_unknown_number_are_dumped_on_request_only(self):
        host = self.host(store=False)
        refused = host.run("grants")
        self.assertEqual(refused.returncode, 69, refused.stdout)
        self.assertIn("--dump", refused.stderr)
        self.assertFalse([call for call in host.calls() if "debug_keys" in call])
        self.assertEqual(host.run("grants", "--dump").returncode, 0)

    def test_libraries_of_the_hypervisors_own_release(self):
        host = self.host(sysctl="0x15")
        report = self.judge(host, expect=0)
        self.assertNotIn("abi_bridged", self.limits(report))
        self.assertEqual(report["verdict"]["state"], "not_affected", "no affected build answers to 0x15")

    def test_an_ordinary_user(self):
        host = self.host(more="fail open_xencall EACCES\nfail open_xenctrl EACCES\nfail open_xengnttab EACCES")
        for name, text in {"version/major": "4", "version/minor": "14", "version/extra": ".1",
                           "properties/changeset": "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352",
                           "properties/capabilities": "xen-3.0-aarch64 xen-3.0-armv7l"}.items():
            path = host.root / "sys/hypervisor" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n")
        host.root.chmod(0o755)
        (host.root / "calls").chmod(0o666)
        report = self.judge(host, expect=2, user=65534)
        self.assertEqual(report["input"]["root"], False)
        self.assertIn("not_root", self.limits(report))
        for verb in ("grants", "watch"):
            refused = host.run(verb, user=65534)
            self.assertEqual(refused.returncode, 77, refused.stderr)

    def test_each_refusal_is_named_with_its_reason(self):
        gone = "fail open_xencall ENOENT\nfail open_xenctrl ENOENT\nfail open_xengnttab ENOENT"
        for more, expect, limits in ((gone, 3, {"hypervisor_not_asked", "sysctl_not_answered", "console_not_read"}),
                                     ("fail readconsole EPERM", 2, {"console_not_read"}),
                                     ("fail physinfo EPERM", 2, {"sysctl_not_answered"})):
            host = self.host(more=more)
            report = self.judge(host, expect=expect)
            self.assertLessEqual(limits, self.limits(report), more)
            for limit in report["limits"]:
                if limit["id"] in limits:
                    self.assertIn("cannot ", limit["detail"])
        report = self.judge(self.host(store=False), expect=2)
        self.assertIn("store_not_read", self.limits(report))

    def watch(self, host, *arguments):
        """`watch`, and its first line: a fault printed while it looked."""
        process = subprocess.Popen([CHECK, "watch", *arguments, "--sysroot", host.root], env=host.env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        deadline = time.monotonic() + 60
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                host.print(FAULT)
                if selector.select(0.5):
                    return process, process.stdout.readline()
        self.fail("no fault was told")

    def test_watch(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process, line = self.watch(self.host())
            self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d{3}  FAULT  smmu@fd800000 cb0  READ 0x97f75148")
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, errors)

    def test_watch_tells_a_fault_at_its_next_look(self):
        """By the ring's index in each read: the first one begun after the fault was printed has it, or one before it had."""
        host = self.host()
        process, _ = self.watch(host, "--json")
        fault = FAULT.replace("0x97f75", "0x97f76")
        for round_ in range(3):
            host.print(fault.replace("0x97f76", f"0x97f8{round_}"))
            end, begun = host.console.stat().st_size, len(host.calls())
            while f"0x97f8{round_}148" not in process.stdout.readline():
                pass
            deadline = time.monotonic() + 60
            while len(reads := self.reads(host, begun)) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertIn(end, reads[:2], "read by the first look")

    @staticmethod
    def reads(host, begun):
        """From which index the console was read, in order, after so many calls."""
        found = (re.search(r"^readconsole .*index=(\d+) count=\d\d", call) for call in host.calls()[begun:])
        return [int(match[1]) for match in found if match]

    def test_woken_by_the_hypervisor(self):
        host = self.host(more="pending")
        process, line = self.watch(host, "--wakeup", "virq")
        self.assertIn("FAULT", line)
        deadline = time.monotonic() + 60
        while "unmask" not in host.calls() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        calls = [call for call in host.calls() if call.split()[0] in ("bind_virq", "unmask", "close_evtchn")]
        self.assertEqual(calls, ["bind_virq 8", "unmask", "close_evtchn"])

    def test_not_woken_where_that_would_end_the_guests_consoles(self):
        host = self.host()
        for name, content in {"comm": b"xenconsoled\n", "cmdline": b"/usr/sbin/xenconsoled\0--log=all\0"}.items():
            path = host.root / "proc/812" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        refused = host.run("watch", "--wakeup", "virq")
        self.assertEqual(refused.returncode, 77, refused.stderr)
        self.assertIn("812", refused.stderr)
        self.assertFalse([call for call in host.calls() if "evtchn" in call or "virq" in call])
        for more, status in (("fail bind_virq EEXIST", 77), ("fail open_evtchn ENOENT", 69)):
            refused = self.host(more=more).run("watch", "--wakeup", "virq")
            self.assertEqual(refused.returncode, status, refused.stderr)

    def test_watch_ends_when_nobody_reads(self):
        host = self.host()
        process, _ = self.watch(host, "--json")
        process.stdout.close()
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            host.print(FAULT.replace("0x97f75", f"0x{time.monotonic_ns() % 0x8000 + 0x90000:x}"))
            time.sleep(0.1)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_watch_for_programs_tells_losses_to_the_byte(self):
        host = self.host()
        process, line = self.watch(host, "--json")
        host.print("x" * 39999 + "\n")  # at once into a ring of 16384
        lost = ""
        while '"lost"' not in lost:
            lost = process.stdout.readline()
            self.assertNotEqual(lost, "")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        events = [json.loads(text) for text in (line + lost + rest).splitlines()]
        self.assertEqual((events[0]["event"], events[0]["fault"]["iova"]), ("fault", "0x97f75148"))
        unread = events[1]["bytes"] - (40000 - 16384)
        self.assertIn(unread, range(0, 10 * len(FAULT), len(FAULT)), "and a fault or two that stood unread")
        self.check_schema(events)

    def check_schema(self, events):
        try:
            import jsonschema
        except ImportError:
            return
        schema = json.loads((SOURCE / "docs/schema/watch-1.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        for event in events:
            jsonschema.validate(event, schema)

    def test_reading_only(self):
        host = self.host()
        host.print(FAULT)
        for verb in ([], ["grants", "--dump"], ["capture", host.root / "c"]):
            host.run(*verb)
        self.assertFalse([call for call in host.calls() if "clear=1" in call])
        host.store.stdin.write('["seen"]\n')
        host.store.stdin.flush()
        seen = json.loads(host.store.stdout.readline())
        kinds = {question.split()[0] for question in seen["questions"]}
        self.assertLessEqual(kinds, {"READ", "DIRECTORY", "DIRECTORY_PART", "GET_DOMAIN_PATH"})


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
