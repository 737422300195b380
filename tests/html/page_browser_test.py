"""The page in a real browser: no console message, every part there and visible, readable colours in both
schemes, fits a phone and paper. Skipped (77) without chromium and chromium-driver.

page_browser_test.py CHECK CAPTURES; XIC_SCREENSHOTS=DIR keeps pictures."""
import os
import pathlib
import sys
import tempfile
import unittest

import page
import webdriver

SHOTS = os.environ.get("XIC_SCREENSHOTS")

PARTS = """
return [...document.querySelectorAll('main > section, main > div.columns > section, main > footer')].map(part => {
  const box = part.getBoundingClientRect();
  return {id: part.getAttribute('aria-labelledby') || part.tagName.toLowerCase(),
          left: box.left, right: box.right, top: box.top + scrollY, bottom: box.bottom + scrollY};
});
"""

# WCAG 2.1 contrast of each piece of text against the nearest painted background.
CONTRAST = """
const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const behind = element => {
  for (let e = element; e; e = e.parentElement) {
    const colour = rgb(getComputedStyle(e).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const bad = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; node = walk.nextNode();) {
  if (!node.data.trim()) continue;
  const e = node.parentElement;
  if (['title', 'desc', 'STYLE'].includes(e.tagName) || e.closest('[aria-hidden]')) continue;
  const svg = e.namespaceURI.endsWith('svg');
  const ink = light(rgb(svg ? getComputedStyle(e).fill : getComputedStyle(e).color));
  const paper = light(behind(svg ? e.closest('svg').parentElement : e));
  const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  if (ratio < 4.5) bad.push(e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + ratio.toFixed(2));
}
return [...new Set(bad)];
"""

# Marks of the map must lie over the band, texts must not lie over each other.
MAP = """
const svg = document.querySelector('[aria-labelledby="map-title"] svg');
if (!svg) return null;
const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
return {picture: box(svg), faults: [...svg.querySelectorAll('.fault line')].map(box),
        band: [...svg.querySelectorAll('.stretch')].map(box),
        texts: [...svg.querySelectorAll('text')].map(box)};
"""


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(webdriver.Browser())
        scratch = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.files = {}
        for name, text in page.pages():
            path = pathlib.Path(scratch, name + ".html")
            path.write_text(text, encoding="utf-8")
            cls.files[name] = path

    def shoot(self, name):
        if SHOTS:
            self.browser.screenshot(pathlib.Path(SHOTS, name + ".png"))

    def test_pages_open_without_a_console_message(self):
        for name, path in self.files.items():
            with self.subTest(name):
                self.browser.open(path)
                title = self.browser.script("return document.title")
                self.assertEqual(self.browser.messages(), [])
                self.assertIn("IOMMU report", title)
                self.assertNotEqual(title, "owned")
                self.assertEqual(self.browser.script("return performance.getEntriesByType('resource').length"), 0)

    def test_parts_are_there_in_order_and_within_the_page(self):
        for name, path in self.files.items():
            for width in (1120, 400):
                with self.subTest(name, width=width):
                    self.browser.open(path, width=width)
                    parts = self.browser.script(PARTS)
                    ids = [part["id"] for part in parts]
                    self.assertEqual(ids[0], "verdict-title")
                    self.assertEqual(ids[-1], "footer")
                    for wanted in ("why-title", "faults-title", "inputs-title"):
                        self.assertIn(wanted, ids)
                    for part in parts:
                        self.assertGreaterEqual(part["left"], 0, part)
                        self.assertLessEqual(part["right"], width, part)
                        self.assertGreater(part["bottom"], part["top"], part)
                    columns = {"why-title", "do-title"}
                    stacked = [p for p in parts if p["id"] not in columns]
                    for above, below in zip(stacked, stacked[1:]):
                        self.assertLessEqual(above["bottom"], below["top"] + 0.5, (above, below))
                    scroll = self.browser.script("return document.documentElement.scrollWidth")
                    self.assertLessEqual(scroll, width, "the page itself never scrolls sideways")

    def test_text_is_readable_in_both_schemes(self):
        for name, path in self.files.items():
            for dark in (False, True):
                with self.subTest(name, dark=dark):
                    self.browser.open(path, dark=dark)
                    self.assertEqual(self.browser.script(CONTRAST), [])

    def test_schemes_differ(self):
        colours = set()
        for dark in (False, True):
            self.browser.open(self.files["xen-4.14.1-smmu"], dark=dark)
            colours.add(self.browser.script("return getComputedStyle(document.body).backgroundColor"))
            self.shoot("demo-dark" if dark else "demo-light")
        self.assertEqual(len(colours), 2)

    def test_map(self):
        maps = 0
        for name, path in self.files.items():
            with self.subTest(name):
                self.browser.open(path)
                drawn = self.browser.script(MAP)
                if drawn is None:
                    continue
                maps += 1
                left, top, right, bottom = drawn["picture"]
                for x0, y0, x1, y1 in drawn["texts"]:
                    self.assertTrue(left - 1 <= x0 and x1 <= right + 1 and top - 1 <= y0 and y1 <= bottom + 1,
                                    "texts lie within the picture")
                for i, a in enumerate(drawn["texts"]):
                    for b in drawn["texts"][i + 1:]:
                        apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 3 or b[3] <= a[1] + 3
                        self.assertTrue(apart, f"texts do not overlap: {a} {b}")
                for x0, _, x1, _ in drawn["faults"]:
                    self.assertTrue(any(b[0] - 1.5 <= x0 and x1 <= b[2] + 1.5 for b in drawn["band"]),
                                    "faults lie over the band")
        self.assertGreaterEqual(maps, 2)

    def test_the_demo_shows_its_fault_where_it_happened(self):
        self.browser.open(self.files["xen-4.14.1-smmu"])
        drawn = self.browser.script(MAP)
        self.assertEqual(len(drawn["faults"]), 1)
        x = (drawn["faults"][0][0] + drawn["faults"][0][2]) / 2
        ram = max(drawn["band"], key=lambda b: b[2] - b[0])
        # 0x97f75148 within the RAM from 0x40000000 to 0xbfe00000.
        expected = ram[0] + (ram[2] - ram[0]) * (0x97F75148 - 0x40000000) / (0xBFE00000 - 0x40000000)
        self.assertAlmostEqual(x, expected, delta=2)

    def test_a_fault_on_the_map_leads_to_its_card(self):
        self.browser.open(self.files["xen-4.14.1-smmu"])
        self.browser.script("document.querySelector('svg a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        self.assertEqual(self.browser.script("return location.hash"), "#fault-1")
        self.assertEqual(self.browser.script("return document.querySelector(':target').tagName"), "ARTICLE")

    def test_prints_dark_on_white(self):
        self.browser.open(self.files["xen-4.14.1-smmu"], dark=True)
        self.browser.cdp("Emulation.setEmulatedMedia", {"media": "print"})
        self.assertEqual(self.browser.script("return getComputedStyle(document.body).backgroundColor"),
                         "rgb(255, 255, 255)")
        self.assertEqual(self.browser.script(CONTRAST), [])
        self.browser.cdp("Emulation.setEmulatedMedia", {"media": ""})


if __name__ == "__main__":
    if not webdriver.available():
        print("skipped: chromium and chromium-driver are not installed", file=sys.stderr)
        sys.exit(77)
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
