#include "report/html/parts.h"

namespace xic::html {

// Colours have a contrast of at least 4.5:1 for text against what they stand on, in both schemes.
std::string_view style_sheet() {
  return R"css(
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --sheet: #ffffff; --ink: #1c2126; --quiet: #59626b; --line: #dcdfe3;
  --soft: #f0f1f3; --link: #1f5f99;
  --bad: #a8201a; --bad-soft: #fbecea; --warn: #8a5200; --warn-soft: #fdf3e1;
  --good: #1d6b41; --good-soft: #e9f5ee; --open: #35566f; --open-soft: #eaf1f6;
  --ram: #c3c9d1; --dom0: #5b8fc2; --mmio: #e0b155; --its: #a387c4; --reserved: #a3a89a;
  --granted: #1f8a63; --fault: #c0281f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --sheet: #1d2126; --ink: #e6e8ea; --quiet: #a0a9b2; --line: #343a41;
    --soft: #262b31; --link: #86b9e8;
    --bad: #ff9d94; --bad-soft: #3a2120; --warn: #f0bf6c; --warn-soft: #362c1b;
    --good: #7fd1a3; --good-soft: #1c3126; --open: #9dc3dd; --open-soft: #1f2c36;
    --ram: #4d555e; --dom0: #4a7fb3; --mmio: #b58a36; --its: #8467a8; --reserved: #6c7266;
    --granted: #4cc295; --fault: #ff7a70;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 40px; }
section { margin: 0 0 32px; }
h1, h2, h3 { line-height: 1.25; margin: 0; }
h1 { font-size: 26px; letter-spacing: 0.02em; }
h2 { font-size: 18px; margin-bottom: 12px; }
h3 { font-size: 15px; margin: 16px 0 8px; }
p { margin: 6px 0; }
a { color: var(--link); }
code, pre, .hex, .registers code, .address, .fault text {
  font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace;
}
code { font-size: 0.92em; }
.quiet, .source { color: var(--quiet); font-size: 13px; }
.verdict {
  display: flex; gap: 18px; align-items: flex-start; padding: 20px 24px; border-radius: 10px;
  border: 1px solid var(--line); border-left: 6px solid;
}
.verdict .sign { font-size: 34px; line-height: 1; font-weight: 700; }
.verdict .summary { font-size: 17px; overflow-wrap: anywhere; }
.verdict.bad { background: var(--bad-soft); border-left-color: var(--bad); }
.verdict.bad h1, .verdict.bad .sign { color: var(--bad); }
.verdict.warn { background: var(--warn-soft); border-left-color: var(--warn); }
.verdict.warn h1, .verdict.warn .sign { color: var(--warn); }
.verdict.good { background: var(--good-soft); border-left-color: var(--good); }
.verdict.good h1, .verdict.good .sign { color: var(--good); }
.verdict.open { background: var(--open-soft); border-left-color: var(--open); }
.verdict.open h1, .verdict.open .sign { color: var(--open); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 0 36px; }
.evidence, .limits, .legend, .registers { list-style: none; margin: 0; padding: 0; }
.evidence li { padding: 7px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.evidence li:first-child { border-top: 0; padding-top: 0; }
.evidence .kind { font-weight: 600; margin-right: 4px; }
.evidence .source::before { content: "["; }
.evidence .source::after { content: "]"; }
.actions { margin: 0; padding-left: 22px; }
.actions li { padding: 3px 0 7px; overflow-wrap: anywhere; }
.limits li { padding: 4px 0 4px 20px; position: relative; overflow-wrap: anywhere; }
.limits li::before { content: "!"; position: absolute; left: 4px; font-weight: 700; color: var(--warn); }
.limits b { font-weight: 600; }
.chip {
  display: inline-block; padding: 0 8px; border-radius: 9px; font-size: 12px; line-height: 19px;
  background: var(--soft); color: var(--quiet); border: 1px solid var(--line); white-space: nowrap;
}
.figure { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; overflow-x: auto; }
svg { display: block; width: 100%; min-width: 640px; height: auto; }
svg text { fill: var(--ink); font-size: 12px; }
svg .address, svg .fault text { font-size: 11px; }
svg .size, svg .gap { fill: var(--quiet); font-size: 11px; }
svg .gap { text-anchor: middle; font-size: 15px; }
svg .stretch { fill: var(--soft); stroke: var(--line); }
svg .axis { stroke: var(--line); }
svg .ram { fill: var(--ram); } svg .dom0 { fill: var(--dom0); } svg .mmio { fill: var(--mmio); }
svg .its { fill: var(--its); } svg .granted { fill: var(--granted); }
svg .reserved { fill: var(--reserved); fill-opacity: 0.55; }
svg .fault { fill: var(--fault); } svg .fault line { stroke: var(--fault); stroke-width: 1.4; }
svg .fault text { fill: var(--fault); font-weight: 600; }
svg .error { fill: var(--warn); } svg .message { fill: var(--open); }
svg a { text-decoration: none; } svg a:hover text { text-decoration: underline; }
svg a:focus-visible { outline: 2px solid var(--link); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 8px 0 4px; font-size: 13px; }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 7px; vertical-align: -1px; }
.swatch.ram { background: var(--ram); } .swatch.dom0 { background: var(--dom0); }
.swatch.mmio { background: var(--mmio); } .swatch.its { background: var(--its); }
.swatch.reserved { background: var(--reserved); } .swatch.granted { background: var(--granted); }
.swatch.fault { background: var(--fault); }
table { border-collapse: collapse; width: 100%; font-size: 13px; margin: 6px 0; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.hex { white-space: nowrap; font-size: 12px; }
details { margin: 6px 0; } summary { cursor: pointer; color: var(--link); font-size: 13px; }
.card {
  background: var(--sheet); border: 1px solid var(--line); border-left: 4px solid var(--line);
  border-radius: 8px; padding: 12px 16px; margin: 0 0 14px;
}
.card:target { outline: 2px solid var(--link); }
.card.proof { border-left-color: var(--bad); } .card.sign { border-left-color: var(--warn); }
.card h3 { margin: 0 0 6px; overflow-wrap: anywhere; }
.card .rank { color: var(--quiet); font-weight: 400; margin-right: 10px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 14px; margin: 10px 0; font-size: 14px; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.registers { font-size: 13px; margin: 8px 0; }
.registers li { padding: 1px 0; } .registers code { font-weight: 600; margin-right: 6px; }
pre {
  margin: 10px 0 2px; padding: 9px 11px; background: var(--soft); border-radius: 6px; font-size: 12px;
  line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere;
}
footer { color: var(--quiet); font-size: 13px; border-top: 1px solid var(--line); padding-top: 12px; }
@media (max-width: 560px) { dl { grid-template-columns: 1fr; } dt { margin-top: 4px; } }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --sheet: #fff; --ink: #000; --quiet: #444; --line: #bbb; --soft: #f4f4f4; --link: #000;
    --bad: #8f1812; --bad-soft: #fff; --warn: #6f4200; --warn-soft: #fff; --good: #14502f; --good-soft: #fff;
    --open: #23404f; --open-soft: #fff; --ram: #c3c9d1; --dom0: #5b8fc2; --mmio: #e0b155; --its: #a387c4;
    --reserved: #a3a89a; --granted: #1f8a63; --fault: #c0281f;
  }
  body { font-size: 11pt; } main { max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .card, .figure, .verdict { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
)css";
}

}  // namespace xic::html
