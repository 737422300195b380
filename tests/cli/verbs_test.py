"""explain and grants."""
import json
import unittest

from tool import DEMO, FAULT, IO_ERROR, MACB, USAGE, ToolTest, environment, run


class Explain(ToolTest):
    def test_a_cause(self):
        for name in ("XIC-1001", "xic-1001"):
            done = run("explain", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"XIC-1001", done.stdout)
            self.assertEqual(done.stderr, b"")

    def test_every_cause_that_exists_has_a_page(self):
        known = run("explain", "XIC-0000").stderr.decode().split("known are:")[1].split()
        self.assertGreater(len(known), 30)
        for name in known:
            done = run("explain", name)
            self.assertEqual(done.returncode, 0, name)
            self.assertIn(name.encode(), done.stdout)

    def test_an_unknown_cause(self):
        self.assert_fails(run("explain", "XIC-9999"), IO_ERROR)

    def test_a_cause_as_json(self):
        report = json.loads(run("explain", "XIC-1001", "--json").stdout)
        self.assertEqual(report["schema"], "xen-iommu-check/1")
        self.assertIn("XIC-1001", json.dumps(report))

    def explained(self, *arguments, **options):
        done = run("explain", *arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_fault_line_in_whatever_form_it_was_pasted(self):
        line = FAULT.decode().strip()
        whole = self.explained(line)
        self.assertIn(b"0x8424cb", whole)
        self.assertIn(b"read", whole)
        for arguments in (line.split(), ["> " + line],
                          [line.replace("iova", "\n  iova")], ["Nov 23 09:15:02 h xen: " + line]):
            self.assertIn(b"0x8424cb", self.explained(*arguments), arguments)

    def test_words_that_are_verbs_stay_words(self):
        self.assertIn(b"0x8424cb", self.explained("check", "grants", *FAULT.decode().split()))

    def test_standard_input(self):
        text = self.explained("-", data=b"\n" + FAULT + MACB)
        self.assertIn(b"0x8424cb", text)

    def test_a_fault_of_linux_is_named_as_such(self):
        text = self.explained("arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, "
                              "iova=0x9c4b9000, fsynr=0x7c0020, cbfrsynra=0x800, cb=7")
        self.assertIn(b"Linux", text)

    def test_json(self):
        report = json.loads(self.explained(FAULT.decode(), "--json"))
        self.assertEqual(report["schema"], "xen-iommu-check/1")
        self.assertEqual(len(report["explanations"]), 1)

    def test_nothing_recognised(self):
        for arguments, data in ((["hello", "world"], b""), (["-"], b""), (["-"], b"\0\xff" * 1000),
                                ([""], b"")):
            done = run("explain", *arguments, data=data)
            self.assert_fails(done, IO_ERROR)
            self.assertIn(b"hint:", done.stderr)

    def test_output(self):
        target = self.scratch / "page"
        self.assertEqual(self.explained("XIC-1001", "--output", str(target)), b"")
        self.assertIn(b"XIC-1001", target.read_bytes())

    def test_an_address_of_a_capture(self):
        page = run("explain", "0x97f75148", "--capture", DEMO)
        self.assertEqual(page.returncode, 0, page.stderr)
        for word in (b"0x97f75", b"found by", b"'g' dump", b"So it is "):
            self.assertIn(word, page.stdout)
        report = json.loads(run("explain", "0x97f75000", "--capture", DEMO, "--json").stdout)
        self.assertTrue(report["explanations"])
        for one in report["explanations"]:
            self.assertEqual(one["fault"]["frame"], "0x97f75")
            self.assertTrue(one["attribution"][-1].startswith("So it is "), one["attribution"])
        self.assert_fails(run("explain", "0x1000", "--capture", DEMO), IO_ERROR)
        self.assert_fails(run("explain", FAULT.decode().strip(), "--capture", DEMO), USAGE)


class Grants(ToolTest):
    def test_table(self):
        done = run("grants", "--capture", DEMO)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in (b"0x97f75", b"0x208", b"vif1.0", b"rigdomu"):
            self.assertIn(word, done.stdout)

    def test_json(self):
        report = json.loads(run("grants", "--capture", DEMO, "--json").stdout)
        self.assertEqual(report["schema"], "xen-iommu-check/1")
        found = [g for g in report["grants"] if g["frame"] == "0x97f75"]
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["ref"], "0x208")

    def test_works_without_a_dump(self):
        done = run("grants", "--log", "-", data=FAULT)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_unreadable_input(self):
        self.assert_fails(run("grants", "--log", self.scratch / "missing",
                              env=environment(NO_COLOR="1")), IO_ERROR)


class Words(ToolTest):
    KNOWN = {
        ("--color",): "always, auto, never",
        ("--format",): "html, json, nagios, prometheus, short, text",
        ("watch", "--recorder"): "after-first-fault, always, off",
        ("watch", "--wakeup"): "timer, virq",
    }

    def test_a_word_that_is_not_known_names_those_that_are(self):
        for words, known in self.KNOWN.items():
            # The last one: a number that the program gives such a word inside.
            for wrong in ("nevver", "", "OFF", "1"):
                with self.subTest(option=words, wrong=wrong):
                    done = run(*words, wrong)
                    self.assert_fails(done, USAGE)
                    self.assertIn(f"{words[-1]}: '{wrong}' is none of {known}".encode(), done.stderr)


if __name__ == "__main__":
    unittest.main()
