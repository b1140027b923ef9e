/** The styles of the page, which load no font or other file. */
export const style = `
:root { --text: #1d2430; --soft: #5d6675; --line: #dfe3ea; --back: #fff; --card: #f7f8fa; --good: #18794e; --bad: #c4320a; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ec; --soft: #98a2b3; --line: #333b48; --back: #14181f; --card: #1b212b; --good: #4cc38a; --bad: #ff8b6a; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; color: var(--text); background: var(--back); }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 80px; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 52px 0 0; padding-top: 16px; border-top: 1px solid var(--line); }
h3 { font-size: 15px; margin: 22px 0 6px; font-weight: 600; }
h3 small { font-weight: 400; color: var(--soft); margin-left: 6px; font-size: 13px; }
p { margin: 4px 0; }
.soft { color: var(--soft); font-size: 13px; }
code { font: 13px ui-monospace, 'DejaVu Sans Mono', monospace; background: var(--card); padding: 1px 5px; border-radius: 4px; }
nav { margin: 14px 0 0; font-size: 14px; }
nav a { color: inherit; margin-right: 14px; white-space: nowrap; }
.keys span { display: inline-block; margin-right: 16px; }
.keys i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
.rows { display: grid; grid-template-columns: 120px minmax(140px, 1fr) 72px 88px 320px; gap: 2px 12px; align-items: center; }
.rows > div { min-width: 0; }
.rows .value { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.rows .times { text-align: right; white-space: nowrap; font-size: 13px; font-variant-numeric: tabular-nums; color: var(--soft); }
.rows .more { color: var(--soft); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.bar { width: 100%; height: 18px; display: block; }
.range { stroke: var(--text); stroke-opacity: .55; fill: none; vector-effect: non-scaling-stroke; }
.bound { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 3 2; vector-effect: non-scaling-stroke; }
.good { color: var(--good); } .bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; margin: 10px 0; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th { font-weight: 600; color: var(--soft); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td small { color: var(--soft); }
.wide { overflow-x: auto; }
.wide td, .wide th { white-space: nowrap; }
.plots { display: flex; flex-wrap: wrap; gap: 14px; margin: 14px 0; }
figure { margin: 0; background: var(--card); border-radius: 8px; padding: 8px 6px 4px; width: calc(33.3% - 10px); min-width: 300px; }
figure svg { width: 100%; display: block; }
figure text { font-size: 10.5px; fill: var(--soft); }
figcaption { font-size: 12.5px; font-weight: 600; padding: 0 6px 4px; }
.grid { stroke: var(--line); }
details { margin: 14px 0; font-size: 14px; } summary { cursor: pointer; color: var(--soft); }
@media (max-width: 760px) { .rows { grid-template-columns: 84px 1fr 64px 84px; } .rows .more { grid-column: 2 / -1; } }
`;
