"""The text of the page: well-formed, complete in itself, nothing that runs.

page_markup_test.py CHECK CAPTURES"""
import html.parser
import re
import sys
import unittest

import page

VOID = {"meta", "br", "hr"}
# What a page of this kind may consist of. Anything else came from outside.
TAGS = set("""html head meta title style body main section div span h1 h2 h3 p ul ol li dl dt dd table
 thead tbody tr th td article pre code b details summary footer a svg g rect line path text desc""".split())
ATTRIBUTES = set("""lang charset http-equiv content name class id aria-labelledby aria-label aria-hidden
 role href title scope colspan viewbox x y x1 x2 y1 y2 width height rx d text-anchor""".split())


class Reader(html.parser.HTMLParser):
    """Checks nesting and vocabulary; keeps ids and references."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.references, self.problems = [], [], [], []
        self.headings, self.text = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.problems.append(f"<{tag}>")
        for name, value in attributes:
            if name not in ATTRIBUTES:
                self.problems.append(f"<{tag} {name}>")
            if name == "id":
                self.ids.append(value)
            if name == "aria-labelledby":
                self.references += value.split()
            if name == "href":
                if not value.startswith("#"):
                    self.problems.append(f"href={value}")
                self.references.append(value[1:])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)
        elif re.search(r"url\(|@import|expression", data):
            self.problems.append("the style sheet loads something")


class PageTest(unittest.TestCase):
    def test_every_page(self):
        names = []
        for name, text in page.pages():
            names.append(name)
            with self.subTest(name):
                reader = Reader()
                reader.feed(text)
                reader.close()
                self.assertEqual(reader.problems, [])
                self.assertEqual(reader.open, [])
                self.assertEqual(len(reader.ids), len(set(reader.ids)), "ids are unique")
                self.assertEqual(set(reader.references) - set(reader.ids), set(), "references lead somewhere")
                self.assertEqual(reader.headings[0], 1)
                self.assertEqual(reader.headings.count(1), 1)
                for before, after in zip(reader.headings, reader.headings[1:]):
                    self.assertLessEqual(after, before + 1, "headings skip no level")
        self.assertIn("xen-4.14.1-smmu", names)

    def test_hostile_text_is_shown(self):
        reader = Reader()
        reader.feed(page.page_of("--log", "-", data=page.HOSTILE_LOG))
        shown = "".join(reader.text)
        self.assertIn(page.ATTACK[:30], shown)
        self.assertEqual(reader.problems, [])

    def test_the_demo_tells_the_whole_story(self):
        reader = Reader()
        reader.feed(page.page_of("--capture", page.DEMO))
        shown = "".join(reader.text)
        for words in ("AFFECTED", "XIC-1001", "0x97f75148", "grant 0x208 of d1", "vif1.0", "FSR 0x402",
                      "translation fault", "Run Xen 4.14.2", "Unhandled context fault: fsr=0x402",
                      "Physical address map", "Time line", "What could not be seen"):
            self.assertIn(words, shown)


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
