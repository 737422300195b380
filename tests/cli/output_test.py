"""Where the report goes, how it looks, and what the exit status says."""
import json
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from tool import (CHECK, DEMO, FAULT, IO_ERROR, ToolTest, UNAVAILABLE, USAGE, environment, run,
                  run_in_terminal)


class Formats(ToolTest):
    def test_every_format_has_the_exit_status_of_the_verdict(self):
        for form in ("text", "json", "prometheus", "nagios", "short"):
            done = run("--capture", DEMO, "--format", form)
            self.assertEqual(done.returncode, 2, form)
            self.assertTrue(done.stdout.endswith(b"\n"), form)
            self.assertEqual(done.stderr, b"", form)

    def test_short(self):
        self.assertEqual(run("--capture", DEMO, "--format", "short").stdout,
                         b"affected XIC-1001 4.14.1\n")

    def test_nagios(self):
        done = run("--capture", DEMO, "--format", "nagios")
        self.assertTrue(done.stdout.startswith(b"IOMMU CRITICAL - "), done.stdout)

    def test_source_date_epoch_makes_the_report_reproducible(self):
        env = environment(SOURCE_DATE_EPOCH="86400")
        one, other = (run("--capture", DEMO, "--json", env=env).stdout for _ in range(2))
        self.assertEqual(one, other)
        self.assertEqual(json.loads(one)["generated_at"], "1970-01-02T00:00:00Z")

    def test_a_bad_source_date_epoch_is_said_and_ignored(self):
        for value in ("soon", "-1", "99999999999999999999", "1x"):
            done = run("--capture", DEMO, "--format", "json", env=environment(SOURCE_DATE_EPOCH=value))
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"SOURCE_DATE_EPOCH", done.stderr)


class Terminal(ToolTest):
    def test_color_only_on_a_terminal(self):
        self.assertNotIn(b"\x1b[", run("--capture", DEMO).stdout)
        status, seen = run_in_terminal("--capture", DEMO)
        self.assertEqual(status, 2)
        self.assertIn(b"\x1b[", seen)

    def test_no_color_and_dumb_terminals(self):
        for env in (environment(NO_COLOR="1"), environment(TERM="dumb"), environment(TERM=None)):
            self.assertNotIn(b"\x1b[", run_in_terminal("--capture", DEMO, env=env)[1])
        # An empty NO_COLOR does not count (no-color.org).
        self.assertIn(b"\x1b[", run_in_terminal("--capture", DEMO, env=environment(NO_COLOR=""))[1])

    def test_color_on_demand(self):
        self.assertIn(b"\x1b[", run("--capture", DEMO, "--color", "always",
                                    env=environment(NO_COLOR="1")).stdout)
        self.assertNotIn(b"\x1b[", run_in_terminal("--capture", DEMO, "--color", "never")[1])

    def test_width_of_the_terminal_up_to_100(self):
        def widest(text):
            return max(len(line) for line in text.decode().splitlines())
        wide = run("--capture", DEMO).stdout
        self.assertLessEqual(widest(wide), 100)
        _, narrow = run_in_terminal("--capture", DEMO, "--color", "never", columns=60)
        self.assertLessEqual(widest(narrow), 60)
        _, huge = run_in_terminal("--capture", DEMO, "--color", "never", columns=300)
        self.assertEqual(huge, wide)
        self.assertEqual(run("--capture", DEMO, "--width", "60").stdout, narrow)

    def test_ascii(self):
        text = run("--capture", DEMO, "--ascii").stdout
        self.assertTrue(text.isascii(), text)
        self.assertFalse(run("--capture", DEMO).stdout.isascii())

    def test_the_report_fits_on_one_screen(self):
        self.assertLessEqual(len(run("--capture", DEMO).stdout.splitlines()), 50)


class Files(ToolTest):
    def test_output_is_whole_readable_and_leaves_nothing_behind(self):
        target = self.scratch / "report.prom"
        previous = os.umask(0o077)
        try:
            done = run("--capture", DEMO, "--format", "prometheus", "--output", target)
        finally:
            os.umask(previous)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(target.read_bytes(), run("--capture", DEMO, "--format", "prometheus").stdout)
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o644)
        self.assertEqual(os.listdir(self.scratch), ["report.prom"])

    def test_output_replaces_by_rename(self):
        target = self.file("report", b"old")
        keep = target.open("rb")
        self.addCleanup(keep.close)
        run("--capture", DEMO, "--format", "short", "--output", target)
        # Who had the old file open still reads the old file.
        self.assertEqual(keep.read(), b"old")
        self.assertEqual(target.read_bytes(), b"affected XIC-1001 4.14.1\n")

    def test_output_in_the_working_directory(self):
        done = run("--capture", DEMO, "--format", "short", "--output", "here", cwd=self.scratch)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(os.listdir(self.scratch), ["here"])

    def test_a_failed_run_leaves_the_old_file(self):
        target = self.file("report", b"old")
        self.assertEqual(run("--log", "missing", "--output", target).returncode, IO_ERROR)
        self.assertEqual(target.read_bytes(), b"old")

    def test_output_that_cannot_be_written(self):
        for target in (self.scratch / "no" / "folder", self.scratch, "/proc/nothing"):
            done = run("--capture", DEMO, "--output", target)
            self.assertIn(done.returncode, (IO_ERROR, 77), done.stderr)
            self.assertNotEqual(done.stderr, b"")
        self.assertEqual(os.listdir(self.scratch), [])

    def test_devices_and_pipes_are_written_to_not_replaced(self):
        before = os.stat("/dev/null")
        self.assertEqual(run("--capture", DEMO, "--output", "/dev/null").returncode, 2)
        self.assertEqual(os.stat("/dev/null").st_rdev, before.st_rdev)
        done = run("--capture", DEMO, "--format", "short", "--output", "/dev/stdout")
        self.assertEqual(done.stdout, b"affected XIC-1001 4.14.1\n")

    def test_a_file_gets_no_color(self):
        target = self.scratch / "report"
        run_in_terminal("--capture", DEMO, "--output", target)
        self.assertNotIn(b"\x1b[", target.read_bytes())


class Failures(ToolTest):
    def shell(self, command):
        return subprocess.run(["bash", "-c", command], capture_output=True, check=False,
                              env=environment(CHECK=CHECK, DEMO=str(DEMO)))

    def test_a_full_disk(self):
        done = self.shell('"$CHECK" --capture "$DEMO" > /dev/full')
        self.assertEqual(done.returncode, IO_ERROR)
        self.assertIn(b"cannot write standard output", done.stderr)

    def test_a_closed_standard_output(self):
        self.assertEqual(self.shell('"$CHECK" --capture "$DEMO" >&-').returncode, IO_ERROR)

    def test_a_closed_standard_error_does_not_spoil_the_report(self):
        target = self.scratch / "out"
        done = self.shell(f'"$CHECK" --capture "$DEMO" --format short --output "{target}" 2>&-')
        self.assertEqual(done.returncode, 2)
        self.assertEqual(target.read_bytes(), b"affected XIC-1001 4.14.1\n")

    def test_a_reader_who_goes_away_is_no_error(self):
        done = self.shell('"$CHECK" --capture "$DEMO" | true; echo "${PIPESTATUS[0]}"')
        self.assertEqual(done.stdout, b"2\n")
        self.assertEqual(done.stderr, b"")
        done = self.shell('"$CHECK" --capture "$DEMO" --json | head -c 1; echo "${PIPESTATUS[0]}"')
        self.assertEqual(done.stdout, b"{2\n")
        self.assertEqual(done.stderr, b"")

    def test_failures_are_unknown_for_monitoring(self):
        for arguments in (["--log", "missing", "--format", "nagios"],
                          ["--log", "missing", "--format=nagios"],
                          ["--format", "nagios", "--capture", "missing"],
                          ["--format", "nagios", "--bogus"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 3, arguments)
            self.assertTrue(done.stdout.startswith(b"IOMMU UNKNOWN - "), done.stdout)
            self.assertEqual(done.stdout.count(b"\n"), 1)
            self.assertNotEqual(done.stderr, b"")


class Usage(ToolTest):
    def test_help_shows_four_examples(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, b"")
        examples = done.stdout.split(b"Examples:")[1]
        self.assertEqual(sum(b"xen-iommu-check" in line for line in examples.splitlines()), 4)
        for word in (b"--log", b"--capture", b"--image", b"explain", b"grants", b"--output"):
            self.assertIn(word, done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)

    def test_help_of_a_verb(self):
        for verb in ("check", "explain", "grants"):
            done = run(verb, "--help")
            self.assertEqual(done.returncode, 0, verb)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)

    def test_version(self):
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, rb"\Axen-iommu-check \d+\.\d+\.\d+\nknowledge 20\d\d-\d\d-\d\d\n\Z")

    def test_wrong_command_lines(self):
        log = self.file("log", FAULT)
        for arguments in (["--bogus"], ["frobnicate"], ["--log"], ["--format", "xml", "--log", log],
                          ["--color", "maybe", "--log", log], ["--width", "3", "--log", log],
                          ["--width", "wide", "--log", log], ["explain"],
                          ["--log", "-", "--log", "-"], ["--json", "--format", "text", "--log", log],
                          ["grants", "--format", "nagios2", "--log", log],
                          ["grants", "--format", "short", "--log", log],
                          ["explain", "XIC-1001", "--log", log],
                          ["explain", "XIC-1001", "--format", "prometheus"],
                          ["check", "grants", "--log", log], ["--log", log, "stray"]):
            self.assert_fails(run(*arguments), USAGE)

    def test_json_twice_is_no_contradiction(self):
        self.assertEqual(run("--json", "--format", "json", "--capture", DEMO).returncode, 2)

    def test_without_input_and_without_xen_it_says_what_else_it_can_judge(self):
        with tempfile.TemporaryDirectory() as nothing:
            asked = run("--sysroot", nothing)
            if b"this build cannot ask a running host" in asked.stderr:
                self.assert_fails(asked, UNAVAILABLE)
            else:
                self.assertEqual((asked.returncode, asked.stderr), (3, b""))
                self.assertIn(b"does not run on Xen", asked.stdout)
            for word in (b"--log", b"--capture"):
                self.assertIn(word, asked.stdout + asked.stderr)
            for verb in ("grants", "watch"):
                self.assert_fails(run(verb, "--sysroot", nothing), UNAVAILABLE)


if __name__ == "__main__":
    unittest.main()
