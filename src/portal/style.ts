import { palettes } from './palette.ts'

function variables(palette: Readonly<Record<string, string>>): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('')
}

/**
 * The only style sheet. It stands in the page as it is, so it has none of the characters that HTML escapes. Sizes are
 * in rem: they grow with the reader's own.
 */
export const style = `
:root { color-scheme: light dark; ${variables(palettes.light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(palettes.dark)} } }
* { box-sizing: border-box; }
body {
  margin: 0; padding: min(1.5rem, 6vw) min(1rem, 5vw) 3rem; background: var(--canvas); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif;
  overflow-wrap: anywhere;
}
header, main, footer { max-width: 30rem; margin: 0 auto; }
header p { margin: 0 0 1rem; font-weight: 600; }
footer p { margin: 1rem 0 0; color: var(--quiet); font-size: 0.875rem; }
main { padding: min(1.5rem, 6vw); background: var(--surface); border: 1px solid var(--border); border-radius: 0.75rem; }
main p { margin: 0 0 1rem; }
main p:last-child { margin: 0; }
h1 { margin: 0 0 0.5rem; font-size: 1.25rem; line-height: 1.3; }
a { color: var(--accent); }
a:hover { color: var(--accentStrong); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); }
main .amount { margin: 0; font-size: min(2.25rem, 11vw); font-weight: 700; line-height: 1.2; }
main .label, main .notice p { margin: 0; }
.notice { margin: 0 0 1.5rem; padding: min(0.875rem, 4vw) min(1rem, 4vw); border-radius: 0.5rem; }
.notice a { color: inherit; display: inline-block; padding: 0.625rem 0 0; font-weight: 600; }
.good { color: var(--goodInk); background: var(--goodSurface); }
.bad { color: var(--badInk); background: var(--badSurface); }
.note { color: var(--noteInk); background: var(--noteSurface); }
.action { margin: 1.5rem 0 0; }
fieldset { margin: 0 0 0.75rem; padding: 0; border: 0; min-width: 0; }
legend { padding: 0 0 0.5rem; font-weight: 600; }
label, .method {
  display: flex; gap: min(0.75rem, 3vw); align-items: center; min-height: 3rem; margin: 0 0 0.5rem;
  padding: 0.625rem min(0.875rem, 4vw); border: 1px solid var(--border); border-radius: 0.5rem;
}
label { border-color: var(--edge); cursor: pointer; }
label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
label:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
input { flex: none; width: min(1.25rem, 6vw); height: min(1.25rem, 6vw); margin: 0; accent-color: var(--accent); }
input:focus-visible { outline: 0; }
button, .button {
  display: block; width: 100%; min-height: 3rem; padding: 0.75rem min(1rem, 4vw); border: 1px solid transparent;
  border-radius: 0.5rem; background: var(--accent); color: var(--onAccent); font: inherit; font-weight: 600;
  line-height: 1.4; text-align: center; text-decoration: none; cursor: pointer;
}
button:hover, .button:hover { background: var(--accentStrong); color: var(--onAccent); }
main p.below { margin: 0.75rem 0 0; text-align: center; }
.below a { display: inline-block; padding: 0.625rem; }
table { width: 100%; margin: 1.5rem 0 0; border-collapse: collapse; }
.amount, td { font-variant-numeric: tabular-nums; }
caption { padding: 0 0 0.25rem; text-align: left; font-weight: 600; }
th, td { padding: 0.5rem 0; text-align: left; vertical-align: top; font-weight: 400; }
td, th + th { padding-left: 1rem; text-align: right; white-space: nowrap; }
tbody tr, tfoot tr:first-child { border-top: 1px solid var(--border); }
thead th { padding-top: 0; padding-bottom: 0; color: var(--quiet); font-size: 0.875rem; }
tfoot th, tfoot td { padding-top: 0.25rem; padding-bottom: 0.25rem; color: var(--quiet); }
tfoot tr:last-child th, tfoot tr:last-child td { color: var(--ink); font-weight: 600; }
@media (max-width: 26em) {
  table, caption, thead, tbody, tfoot { display: block; }
  tr { display: flex; flex-wrap: wrap; }
  th:first-child { flex: 1 1 7rem; }
  td { margin-left: auto; padding-left: min(1rem, 4vw); white-space: normal; }
}
@media (min-width: 40rem) { body { padding-top: 4rem; } main { padding: 2rem; } }
@media print { .action { display: none; } main { border: 0; padding: 0; } }
`

/** Of the style, for the Content-Security-Policy: no other is applied. A test says what it must be. */
export const STYLE_HASH = 'sha256-mv5Q1VZjfmwK+YsepZGs9lcpFtLoW5kbm13ZYwxjCi0='
