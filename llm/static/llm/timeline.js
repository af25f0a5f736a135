// Draws the table of a period as a chart. Hovering or the arrow keys tell, a click or Enter leads to the
// calls of a column, a drag zooms in. The table behind it has all of that as text and links.
import uPlot from "./vendor/uplot.js";

const plot = document.querySelector(".plot");
const keys = [...document.querySelectorAll(".legend .key:not(.ghost)")];
const table = document.querySelector("table.timeline");
const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
const rows = [...table.tBodies[0].rows].reverse();
const columns = Number(plot.dataset.columns);
const stacked = plot.dataset.kind === "bars";
const hasGhost = Boolean(rows[0].querySelector(".before"));
const EVERY = [1, 2, 3, 4, 6, 7, 12, 14, 24, 28, 48, 61, 92];  // columns between two labels
const LABEL = 72;  // pixels that one needs

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", notation: "compact", minimumFractionDigits: 0, maximumSignificantDigits: 3 });
const TICKS = {
  cost: (value) => dollars.format(value),
  time: (value, highest) => (highest < 1000 ? `${value} ms` : `${value / 1000} s`),
};
const tick = TICKS[plot.dataset.measure] ?? ((value) => compact.format(value));

const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
const band = Object.assign(document.createElement("div"), { className: "band", hidden: true });
let chart;
let chosen = null;

function numbers(cell) {
  const found = rows.map((row) => cell(row)?.value).map((text) => (text ? Number(text) : null));
  return [...found, ...Array(columns - rows.length).fill(null)];
}

function data() {
  const traces = keys.map((_, at) => numbers((row) => row.cells[at + 1].firstChild));
  if (stacked) {
    for (let at = 1; at < traces.length; at++) {
      traces[at] = traces[at].map((value, x) => value === null ? null : value + traces[at - 1][x]);
    }
    for (const trace of traces) trace.forEach((value, x) => { if (value === 0) trace[x] = null; });  // no bar, and no rim of one
  }
  const ghost = hasGhost ? [numbers((row) => row.querySelector(".before data"))] : [];
  return [[...Array(columns).keys()], ...traces.reverse(), ...ghost];  // the highest stands behind the others
}

function series(look) {
  const colours = keys.map((key) => getComputedStyle(key).backgroundColor).reverse();
  const bars = uPlot.paths.bars({ size: [0.72, 64] });
  const traces = colours.map((colour) => stacked
    ? { paths: bars, fill: colour, stroke: look.backgroundColor, width: 1, points: { show: false } }
    : { stroke: colour, width: 2, points: { show: true, size: 6, fill: colour, filter: alone } });
  const ghost = { paths: levels, stroke: look.color, width: 1.5, dash: [3, 3], points: { show: false } };
  return [{}, ...traces, ...(hasGhost ? [ghost] : [])];
}

// The time before is a level over each of its columns; uPlot's own steps lie half a column beside them.
function levels(chart, at) {
  const stroke = new Path2D();
  chart.data[at].forEach((value, x, values) => {
    if (value === null) return;
    const [from, to] = [x - 0.5, x + 0.5].map((edge) => chart.valToPos(edge, "x", true));
    const y = chart.valToPos(value, "y", true);
    if ((values[x - 1] ?? null) === null) stroke.moveTo(from, y);
    else stroke.lineTo(from, y);
    stroke.lineTo(to, y);
  });
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 1 };
}

// A line needs two values side by side; one between two gaps is a dot.
function alone({ data }, at) {
  const values = data[at];
  return [...values.keys()].filter((x) => values[x] !== null && (values[x - 1] ?? values[x + 1] ?? null) === null);
}

function axes(look) {
  const every = EVERY.find((step) => columns / step <= plot.clientWidth / LABEL) ?? columns;
  const labels = [...Array(Math.ceil(columns / every)).keys()].map((number) => number * every);
  const words = { stroke: look.color, font: `12px ${look.fontFamily}` };
  const whole = { incrs: [1, 2, 5].flatMap((first) => [...Array(12).keys()].map((zeros) => first * 10 ** zeros)).sort((a, b) => a - b) };
  return [
    { ...words, size: 28, gap: 6, grid: { show: false }, ticks: { show: false }, splits: () => labels,
      values: ({ bbox }, splits) => splits.map((x) => (columns - x - 0.5) * bbox.width / devicePixelRatio / columns < LABEL / 3 ? "" : rows[x]?.dataset.short ?? "") },
    { ...words, size: 56, gap: 6, space: 36, ticks: { show: false }, grid: { stroke: look.borderTopColor, width: 1 },
      values: (_, splits) => splits.map((value) => tick(value, splits.at(-1))), ...(plot.dataset.measure === "cost" ? {} : whole) },
  ];
}

function draw() {
  const look = getComputedStyle(plot);
  chart?.destroy();
  chart = new uPlot({
    width: plot.clientWidth, height: plot.clientHeight, legend: { show: false }, padding: [8, 4, 0, 0],
    scales: { x: { time: false, range: [-0.5, columns - 0.5] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
    series: series(look), axes: axes(look),
    hooks: { setCursor: [({ cursor }) => tell(cursor.left < 0 ? null : cursor.idx)], setSelect: [zoom], draw: [fade] },
  }, data(), plot);
  chart.under.append(band);
  plot.append(tip);
  chart.over.addEventListener("click", open);
  tell(chosen);
}

// The running hour or day is no fall: it is not over.
function fade({ ctx, bbox }) {
  const at = rows.findIndex((row) => "soFar" in row.dataset);
  if (!stacked || at < 0) return;
  const [from, to] = [at - 0.5, at + 0.5].map((x) => chart.valToPos(x, "x", true));
  ctx.save();
  ctx.globalAlpha = 0.45;
  ctx.fillStyle = getComputedStyle(plot).backgroundColor;
  ctx.fillRect(from, bbox.top, to - from, bbox.height);
  ctx.restore();
}

function words(row) {
  return [...row.cells].slice(1).map((cell, at) => [names[at], cell.textContent, Number(cell.firstChild.value)])
    .filter(([, , value]) => value);
}

function tell(at) {
  chosen = at !== null && at < rows.length ? at : null;
  tip.hidden = band.hidden = chosen === null;
  if (chosen === null) return;
  const row = rows[chosen];
  const said = words(row);
  const label = row.cells[0].textContent.trim();
  plot.setAttribute("aria-valuenow", String(chosen));
  plot.setAttribute("aria-valuetext", `${label}: ${said.map(([name, text]) => `${name} ${text}`).join(", ") || "nothing"}`);
  tip.replaceChildren(line("strong", label), ...said.map(([name, text]) => line("span", name, text)));
  if (!said.length) tip.append(line("span", "nothing"));
  const [from, to] = [chosen - 0.5, chosen + 0.5].map((x) => chart.valToPos(x, "x"));
  band.style.left = `${from}px`;
  band.style.width = `${to - from}px`;
  const left = chart.over.offsetLeft + (from + to) / 2;
  const room = plot.clientWidth - tip.offsetWidth;
  tip.style.left = `${Math.max(0, Math.min(left + (to - from) / 2 + 8 > room ? left - tip.offsetWidth - (to - from) / 2 - 8 : left + (to - from) / 2 + 8, room))}px`;
}

function line(tag, name, text) {
  const made = document.createElement(tag);
  made.append(name);
  if (text) {
    const value = document.createElement("b");
    value.append(text);
    made.append(value);
  }
  return made;
}

let told = null;  // the column that a finger has asked for

function open(event) {
  const at = chart.cursor.idx;
  if (chart.select.width || !(at < rows.length)) return;
  if (event.pointerType === "touch" && told !== at) {
    told = at;
    return;
  }
  rows[at].querySelector("a").click();
}

function zoom({ select }) {
  if (select.width < 6) return;
  const end = rows.length - 1;
  const [from, to] = [select.left, select.left + select.width].map((x) => Math.min(Math.max(Math.round(chart.posToVal(x, "x")), 0), end));
  const there = new URL(location.href);
  for (const name of ["period", "step"]) there.searchParams.delete(name);
  there.searchParams.set("from", rows[from].dataset.bucket);
  there.searchParams.set("to", rows[to].dataset.bucket);
  location.assign(there);
}

const MOVES = {
  ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, ArrowDown: (at) => at - 1, ArrowUp: (at) => at + 1,
  Home: () => 0, End: () => rows.length - 1,
};

plot.addEventListener("keydown", (event) => {
  const at = chosen ?? rows.length - 1;
  if (event.key === "Enter") rows[at].querySelector("a").click();
  else if (event.key === "Escape") tell(null);
  else if (MOVES[event.key]) {
    event.preventDefault();
    tell(Math.min(Math.max(MOVES[event.key](at), 0), rows.length - 1));
  }
});
plot.addEventListener("focus", () => tell(chosen ?? rows.length - 1));
plot.addEventListener("blur", () => tell(null));

for (const [name, value] of Object.entries({
  tabindex: 0, role: "slider", "aria-label": plot.dataset.label, "aria-valuemin": 0, "aria-valuemax": rows.length - 1, "aria-valuenow": rows.length - 1,
})) plot.setAttribute(name, String(value));
draw();
new ResizeObserver(() => (plot.clientWidth !== chart.width || plot.clientHeight !== chart.height) && draw()).observe(plot);
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
