#include "report/style.hpp"

namespace sciexam::inline report {
namespace {

// The series' colours are those of Okabe and Ito ("Color Universal Design",
// 2008) in the order blue, vermillion, green, purple, orange, grey, which can be told
// apart with every kind of colour vision. They are darker on white and lighter on black
// than the originals, for a contrast of 4.5 to 1 (WCAG 2.1, 1.4.3), because text is set in them.
constexpr std::string_view kColourStyle = R"css(
:root {
  color-scheme: light dark;
  --letters: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --ground: #f5f6f8; --card: #ffffff; --text: #171a20; --muted: #59616d; --edge: #dde1e7; --grid: #e8ebef;
  --notice: #fff6e0; --notice-edge: #c98a00; --accent: #0072b2;
  --c0: #0072b2; --c1: #bf4d00; --c2: #007a5a; --c3: #a2447e; --c4: #8a6100; --c5: #4d5560;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1216; --card: #181c22; --text: #e7eaef; --muted: #9fa8b5; --edge: #2b313a; --grid: #282e36;
    --notice: #2b2413; --notice-edge: #e69f00; --accent: #56b4e9;
    --c0: #56b4e9; --c1: #f5854a; --c2: #23c299; --c3: #e08fbf; --c4: #ecc13f; --c5: #c4cad3;
  }
}
)css";

constexpr std::string_view kPlotStyle = R"css(.plot { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.plot path { vector-effect: non-scaling-stroke; }
.plot text { fill: var(--text); font-family: var(--letters); font-size: 12px; font-variant-numeric: tabular-nums; }
.plot .title { font-size: 14.5px; font-weight: 650; }
.plot .tick, .plot .label, .plot .mark-name { fill: var(--muted); }
.plot .ground { fill: var(--card); stroke: var(--edge); stroke-width: 1px; }
.plot .grid { stroke: var(--grid); stroke-width: 1px; }
.plot .axis { stroke: var(--muted); stroke-width: 1px; }
.plot .line, .plot .raw, .plot .dots { stroke: currentColor; }
.plot .line { stroke-width: 1.75px; }
.plot .raw { stroke-width: 1px; opacity: .24; }
.plot .dots { stroke-width: 4.5px; }
.plot .bar { fill: currentColor; }
.plot .symbol { fill: currentColor; stroke: var(--card); stroke-width: 1px; }
.plot .last { fill: currentColor; font-weight: 600; }
.plot .mark { stroke: var(--text); stroke-width: 1px; stroke-dasharray: 5 4; stroke-linecap: butt; }
.plot .mark-name { fill: var(--text); paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.plot .empty { stroke: var(--edge); stroke-dasharray: 4 4; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
)css";

constexpr std::string_view kPageStyle = R"css(* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.55 var(--letters);
  overflow-wrap: anywhere;
}
main { max-width: 76rem; margin: 0 auto; padding: clamp(1.25rem, 4vw, 3rem) clamp(.75rem, 3vw, 2rem) 3rem; }
header { margin-bottom: 1.75rem; padding-left: .9rem; border-left: 4px solid var(--accent); }
h1 { margin: 0; font-size: clamp(1.5rem, 1.1rem + 1.8vw, 2.25rem); line-height: 1.15; letter-spacing: -.02em; text-wrap: balance; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.2rem; line-height: 1.3; letter-spacing: -.01em; }
p { margin: 0 0 .75rem; max-width: 46rem; }
header p { margin: .35rem 0 0; color: var(--muted); }
.notice {
  margin: 0 0 .75rem; padding: .7rem 1rem; border: 1px solid var(--edge); border-left: 4px solid var(--notice-edge);
  border-radius: 8px; background: var(--notice);
}
.highlights, .figures { display: grid; gap: 1rem; margin: 0 0 1rem; }
.highlights { grid-template-columns: repeat(auto-fill, minmax(min(100%, 10.5rem), 1fr)); }
.highlights div, figure, .table {
  background: var(--card); border: 1px solid var(--edge); border-radius: 12px; box-shadow: 0 1px 2px rgb(0 0 0 / .05);
}
.highlights div { display: flex; flex-direction: column; padding: .8rem 1rem; }
dt { color: var(--muted); font-size: .85rem; line-height: 1.35; }
dd { margin: auto 0 0; padding-top: .15rem; font-size: 1.5rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.table { overflow-x: auto; margin: 0 0 1rem; width: fit-content; max-width: 100%; overflow-wrap: break-word; }
.table:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { width: max-content; border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .9rem; text-align: left; vertical-align: top; font-weight: 400; }
th { white-space: nowrap; }
thead th { color: var(--muted); font-size: .82rem; font-weight: 600; }
tbody th { font-weight: 600; }
tbody tr { border-top: 1px solid var(--edge); }
td { max-width: min(36rem, 58vw); }
@media (min-width: 60rem) { table { width: auto; } }
.number { text-align: right; white-space: nowrap; }
.figures { grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; padding: 1rem 1.1rem .8rem; max-width: 46rem; min-width: 0; overflow: hidden; container-type: inline-size; }
figcaption { margin-top: .5rem; color: var(--muted); font-size: .85rem; line-height: 1.4; }
figure .plot { display: block; width: 100%; height: auto; overflow: visible; }
@container (max-width: 27rem) {
  .plot text { font-size: 15.5px; }
  .plot .title { font-size: 18px; }
}
@media print {
  html { font-size: 12px; }
  body { background: none; font-size: 1rem; }
  main { max-width: none; padding: 0; }
  .figures { grid-template-columns: 1fr 1fr; }
  .highlights div, figure, .table { box-shadow: none; break-inside: avoid; }
  .table { overflow: visible; }
  table { width: auto; }
  th { white-space: normal; }
  h2 { break-after: avoid; }
  .bar { print-color-adjust: exact; }
}
)css";

} // namespace

std::string plot_style_sheet() {
  return std::string(kColourStyle).append(kPlotStyle);
}

std::string style_sheet() {
  return plot_style_sheet().append(kPageStyle);
}

} // namespace sciexam::inline report
