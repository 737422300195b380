"""What may be given to be judged, and what must not crash."""
import gzip
import io
import os
import pathlib
import random
import resource
import shutil
import subprocess
import tarfile
import unittest

from tool import (CHECK, DEMO, FAULT, IO_ERROR, MACB, PERMISSION, SANITIZED, ToolTest, USAGE,
                  environment, faults, run)


def tar_of(folder, mode="w", prefix="case"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        archive.add(folder, prefix)
    return buffer.getvalue()


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))


class Logs(ToolTest):
    def test_the_two_lines_of_the_original_report(self):
        report = self.judge("--log", "-", data=FAULT + MACB)
        self.assertEqual(report["verdict"]["state"], "unknown")
        self.assertTrue(report["verdict"]["suspected"])
        self.assertEqual(faults(report), 1)
        self.assertEqual(report["input"]["mode"], "log")

    def test_a_file_and_standard_input_tell_the_same(self):
        path = self.file("log", FAULT)
        one, other = self.judge("--log", path), self.judge("--log", "-", data=FAULT)
        self.assertEqual(one["faults"], other["faults"])
        self.assertEqual(one["verdict"], other["verdict"])

    def test_verb_before_and_after_the_options(self):
        path = self.file("log", FAULT)
        for arguments in (["check", "--log", path], ["--log", path, "check"], ["--log", path]):
            self.assertEqual(run(*arguments, "--format", "short").returncode, 3, arguments)

    def test_overlapping_logs_are_counted_once(self):
        ring = b"(XEN) [    1.000000] one\n(XEN) [    2.000000] two\n" + FAULT
        a, b = self.file("a", ring), self.file("b", ring + FAULT.replace(b"cb148", b"cc148"))
        self.assertEqual(faults(self.judge("--log", a, "--log", b)), 2)

    def test_process_substitution(self):
        done = subprocess.run(["bash", "-c", f'"{CHECK}" --log <(cat) --format short'],
                              input=FAULT, capture_output=True, env=environment(), check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertTrue(done.stdout.startswith(b"unknown"), done.stdout)

    def test_empty_and_binary_logs_are_an_honest_unknown(self):
        random.seed(1)
        for data in (b"", b"\n", b"\0" * 100000, random.randbytes(1 << 20), b"\xff\xfe(\0X\0"):
            report = self.judge("--log", "-", data=data)
            self.assertEqual(report["verdict"]["state"], "unknown")
            self.assertEqual(faults(report), 0)

    def test_hostile_texts(self):
        for data in (FAULT[:-30], FAULT * 3 + b"(XEN) smmu: /smmu@fd800000: Unhandled context",
                     FAULT.replace(b"0x8424cb148", b"0x" + b"f" * 100),
                     FAULT.replace(b"\n", b"\0\n"), b"(XEN) " * 200000,
                     b"\x1b]0;title\x07\x1b[2J" + FAULT, b"<" * 100000 + FAULT,
                     b"(XEN) " + b"A" * (5 << 20) + b"\n" + FAULT):
            done = run("--log", "-", data=data)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertNotIn(b"\x1b", done.stdout)
            self.assertNotIn(b"\x07", done.stdout)

    def test_unreadable_logs(self):
        self.assert_fails(run("--log", self.scratch / "missing"), IO_ERROR)
        folder = run("--log", self.scratch)
        self.assert_fails(folder, IO_ERROR)
        self.assertIn(b"--capture", folder.stderr)
        self.assert_fails(run("--log", "/proc/self/mem"), IO_ERROR)

    def test_one_unreadable_log_of_two(self):
        self.assert_fails(run("--log", self.file("a", FAULT), "--log", self.scratch / "b"), IO_ERROR)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_no_permission(self):
        path = self.file("log", FAULT)
        path.chmod(0o600)
        self.scratch.chmod(0o755)
        copy = shutil.copy(CHECK, self.scratch / "tool")
        os.chmod(copy, 0o755)
        done = subprocess.run([copy, "--log", str(path)], capture_output=True, user=65534, check=False)
        self.assertEqual(done.returncode, PERMISSION, done.stderr)

    def test_closed_standard_input(self):
        done = subprocess.run(["bash", "-c", f'"{CHECK}" --log - <&-'], capture_output=True,
                              env=environment(), check=False)
        self.assertEqual(done.returncode, IO_ERROR)

    def test_a_name_with_escape_codes_does_not_reach_the_terminal(self):
        self.assertNotIn(b"\x1b", run("--log", self.scratch / "\x1b[31mred").stderr)

    @unittest.skipIf(SANITIZED, "sanitizers need memory of their own")
    def test_a_large_log_needs_little_memory(self):
        block = (b"(XEN) [    1.000000] nothing to see on this line of the console\n" * 20000 + FAULT)
        process = subprocess.Popen([CHECK, "--log", "-", "--format", "short"],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   env=environment())
        with process.stdin as out:
            for _ in range(100):  # 130 MB
                out.write(block)
            out.flush()
            # Of the program itself; what wait4() tells includes the test's own copy before exec.
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        self.assertEqual(process.wait(), 3)
        peak = int(status.split("VmHWM:")[1].split()[0])
        self.assertLess(peak, 32 * 1024)

    @unittest.skipIf(SANITIZED, "sanitizers need memory of their own")
    def test_a_line_of_100_megabytes(self):
        process = subprocess.Popen([CHECK, "--log", "-", "--json"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=environment(),
                                   preexec_fn=limit_memory)
        with process.stdin as out:
            out.write(b"(XEN) smmu: ")
            for _ in range(100):
                out.write(b"A" * 1000000)
            out.write(b"\n" + FAULT)
        output = process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(), 3)
        self.assertIn(b"lines_cut", output)
        self.assertIn(b"0x8424cb148", output)


class Captures(ToolTest):
    def test_the_demo_is_affected(self):
        report = self.judge("--capture", DEMO)
        self.assertEqual(report["verdict"]["state"], "affected")
        self.assertTrue(report["verdict"]["observed"])
        self.assertEqual(report["input"]["mode"], "capture")
        self.assertEqual(faults(report), 1)

    def test_archives_tell_the_same_as_the_folder(self):
        folder = self.judge("--capture", DEMO)
        for mode in ("w", "w:gz", "w:xz"):
            report = self.judge("--capture", self.file("c", tar_of(DEMO, mode)))
            self.assertEqual(report["verdict"], folder["verdict"], mode)
            self.assertEqual(faults(report), 1, mode)

    def test_names_carry_no_meaning(self):
        for number, source in enumerate(sorted(DEMO.iterdir(), reverse=True)):
            self.file(f"renamed/{number}", source.read_bytes())
        self.assertEqual(self.judge("--capture", self.scratch / "renamed")["verdict"],
                         self.judge("--capture", DEMO)["verdict"])

    def test_a_readme_that_quotes_a_fault_changes_nothing(self):
        shutil.copytree(DEMO, self.scratch / "c")
        self.file("c/README.md", b"# Notes\n\nThis is another fault of the board, seen before:\n\n```\n"
                  + FAULT * 3 + b"```\n")
        report = self.judge("--capture", self.scratch / "c")
        self.assertEqual(faults(report), 1)
        self.assertIn("capture_file_skipped", [limit["id"] for limit in report["limits"]])

    def test_our_own_report_saved_beside_changes_nothing(self):
        shutil.copytree(DEMO, self.scratch / "c")
        for name, form in (("report.json", "json"), ("report.txt", "text"), ("nagios", "nagios")):
            run("--capture", DEMO, "--format", form, "--output", self.scratch / "c" / name)
        self.assertEqual(faults(self.judge("--capture", self.scratch / "c")), 1)

    def test_with_a_log_of_the_same_host(self):
        log = self.file("serial.log", (DEMO / "xl-dmesg-full.txt").read_bytes() + FAULT)
        report = self.judge("--capture", DEMO, "--log", log)
        self.assertEqual(faults(report), 2)
        self.assertEqual(report["verdict"]["state"], "affected")

    def test_malformed(self):
        gz = tar_of(DEMO, "w:gz")
        for name, data in (("truncated", gz[:len(gz) // 2]), ("empty", b""), ("text", FAULT),
                           ("no-tar", gzip.compress(FAULT)), ("junk", os.urandom(5000)),
                           ("plain-truncated", tar_of(DEMO)[:9000])):
            self.assert_fails(run("--capture", self.file(name, data)), IO_ERROR)
        self.assert_fails(run("--capture", self.scratch / "missing"), IO_ERROR)

    def test_nothing_recognised(self):
        (self.scratch / "c").mkdir()
        done = run("--capture", self.scratch / "c")
        self.assert_fails(done, IO_ERROR)
        self.assertIn(b"xl dmesg", done.stderr)
        self.file("c/file", b"hello\n")
        self.assert_fails(run("--capture", self.scratch / "c"), IO_ERROR)

    def test_nothing_outside_is_followed(self):
        shutil.copytree(DEMO, self.scratch / "c")
        outside = self.file("outside", FAULT)
        os.symlink(outside, self.scratch / "c" / "link")
        os.symlink("..", self.scratch / "c" / "up")
        os.mkfifo(self.scratch / "c" / "pipe")
        report = self.judge("--capture", self.scratch / "c")
        self.assertEqual(faults(report), 1)

    def test_a_decompression_bomb_is_cut_off(self):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
            log = tarfile.TarInfo("log")
            log.size = len(FAULT)
            archive.addfile(log, io.BytesIO(FAULT))
            bomb = tarfile.TarInfo("bomb")
            bomb.size = 96 << 20
            archive.addfile(bomb, io.BytesIO(bytes(bomb.size)))
        report = self.judge("--capture", self.file("bomb.tar.gz", buffer.getvalue()))
        self.assertEqual(faults(report), 1)
        self.assertIn("capture_file_skipped", [limit["id"] for limit in report["limits"]])

    def test_observations_of_a_host_count(self):
        shutil.copytree(DEMO, self.scratch / "c")
        self.file("c/observations.ndjson", b'{"kind":"sysctl_abi","number":"0x13"}\nnonsense\n')
        report = self.judge("--capture", self.scratch / "c")
        self.assertEqual(report["hypervisor"]["sysctl_abi"], "0x13")
        self.assertIn("capture_record_damaged", [limit["id"] for limit in report["limits"]])


def image(version, changeset):
    header = bytearray(64)
    header[0:2] = b"MZ"
    header[56:60] = b"ARM\x64"
    greeting = f"Xen {version} (c/s {changeset}) EFI loader\r\n".encode("utf-16-le") + b"\0\0"
    return bytes(header) + greeting + bytes(64)


class Images(ToolTest):
    def test_an_affected_commit(self):
        data = image("4.14.1", "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352")
        for name, form in (("xen", data), ("xen.gz", gzip.compress(data)),
                           ("uImage", b"\x27\x05\x19\x56" + bytes(60) + gzip.compress(data))):
            report = self.judge("--image", self.file(name, form))
            self.assertEqual(report["verdict"]["state"], "affected", name)
            self.assertEqual(report["input"]["mode"], "image")
            self.assertEqual(report["hypervisor"]["version"], "4.14.1")
            self.assertEqual(report["hypervisor"]["arch"], "arm64")

    def test_a_fixed_release(self):
        report = self.judge("--image", self.file("xen", image("4.17.7", "")))
        self.assertEqual(report["verdict"]["state"], "not_affected")

    def test_an_affected_release_without_a_commit(self):
        report = self.judge("--image", self.file("xen", image("4.14.1", "")))
        self.assertEqual(report["verdict"]["state"], "likely_affected")

    def test_what_is_no_hypervisor(self):
        for data in (b"", FAULT, os.urandom(100000), gzip.compress(b"x")[:12], b"\x1f\x8b\x08"):
            self.assert_fails(run("--image", self.file("file", data)), IO_ERROR)
        self.assert_fails(run("--image", CHECK), IO_ERROR)
        self.assert_fails(run("--image", self.scratch), IO_ERROR)

    def test_not_together_with_logs(self):
        self.assert_fails(run("--image", CHECK, "--log", "-"), USAGE)


@unittest.skipIf(SANITIZED, "sanitizers need memory of their own")
class Hostile(ToolTest):
    """Whatever is given in whatever way: refused, or an honest unknown, in bounded memory."""

    def check_in_all_ways(self, data, as_log=3, in_capture=IO_ERROR):
        path = self.file("one", data)
        self.file("folder/one", data)
        for arguments, expected in ((["--log", path], as_log),
                                    (["--capture", path], IO_ERROR),
                                    (["--capture", self.scratch / "folder"], in_capture),
                                    (["--image", path], IO_ERROR)):
            done = run(*arguments, "--format", "short", preexec_fn=limit_memory)
            self.assertEqual(done.returncode, expected, (arguments, done.stderr))
            if expected == 3:
                self.assertTrue(done.stdout.startswith(b"unknown"), done.stdout)
            else:
                self.assertEqual(done.stdout, b"")

    def test_empty(self):
        self.check_in_all_ways(b"")

    def test_binary(self):
        random.seed(2)
        self.check_in_all_ways(random.randbytes(1 << 20))

    def test_truncated(self):
        self.check_in_all_ways(FAULT[:-30], in_capture=3)
        self.check_in_all_ways(gzip.compress(image("4.14.1", "git:ad844aa352") * 1000)[:-20])

    def test_nul_bytes(self):
        self.check_in_all_ways(bytes(10 << 20))
        self.check_in_all_ways(FAULT.replace(b"\n", b"\0\n") + FAULT, in_capture=3)

    def test_one_line_of_100_megabytes(self):
        self.check_in_all_ways(b"(XEN) smmu: " + b"A" * (100 << 20) + b"\n" + FAULT)
        self.check_in_all_ways(gzip.compress(b"A" * (100 << 20), 1))

    def test_more_than_any_image_or_saved_output_has(self):
        path = self.file("folder/one", FAULT)
        os.truncate(path, 1 << 30)
        for arguments in (["--capture", self.scratch / "folder"], ["--image", path]):
            done = run(*arguments, preexec_fn=limit_memory)
            self.assert_fails(done, IO_ERROR)


if __name__ == "__main__":
    unittest.main()
