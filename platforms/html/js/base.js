// The data of the page, and what all sections share: building elements, numbers for people, the reader's choices.
"use strict";

const data = JSON.parse(document.getElementById("splinter-data").textContent);

// element("td", {class: "number"}, "text", child): text never becomes markup.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const sectionOf = (id) => document.getElementById(id);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const unique = (values) => [...new Set(values)];

// Three or four digits that matter, thousands apart.
function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0) return "0";
  if (size >= 1e15) return sign + size.toExponential(2);
  for (const [unit, letter] of [[1e12, "T"], [1e9, "G"], [1e7, "M"]])
    if (size >= unit) return sign + formatNumber(size / (unit === 1e7 ? 1e6 : unit)) + letter;
  if (size >= 1000) return sign + Math.round(size).toLocaleString("en-US");
  if (size < 1e-6) return sign + size.toExponential(1);
  return sign + String(Number(size.toPrecision(size < 0.1 ? 2 : 3)));
}

function formatBytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = Math.abs(value);
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; ++unit) size /= 1024;
  return `${value < 0 ? "−" : ""}${size >= 100 ? Math.round(size) : Number(size.toPrecision(3))} ${units[unit]}`;
}

const formatFigure = (value, unit) =>
  value === null || value === undefined ? "–" : unit === "bytes" ? formatBytes(value) : formatNumber(value);

// A mean with half of its interval, where several seeds ran and differed.
function formatEstimate(estimate, unit) {
  if (!estimate) return "–";
  const [mean, half] = estimate;
  return formatFigure(mean, unit) + (half ? ` ± ${formatFigure(half, unit)}` : "");
}

const percentOf = (part, whole) => (whole === 0 ? "0 %" : `${formatNumber((100 * part) / whole)} %`);

const metricInfo = new Map(data.metrics.map((metric) => [metric.id, metric]));
// The unit, unless the heading says it.
function withUnit(metric) {
  const heading = metric.heading.replace(/ /g, "").toLowerCase();
  const said = metric.unit === "" || metric.unit === "percent" || metric.unit === "bytes" || heading.includes(metric.unit.toLowerCase().split("/")[0].replace("cycles", "cyc"));
  return said ? metric.heading : `${metric.heading} (${metric.unit})`;
}

const phaseNames = {population: "population (first touch)", steady: "steady state (reuse)"};
const phaseName = (phase) => phaseNames[phase] || phase;

// --- what the reader has chosen; sections are drawn again when it changes ---
const choice = {workload: null, phase: null, fixed: new Map(), hidden: new Set()};
const drawings = [];
const addDrawing = (draw) => drawings.push(draw);
function drawAll() {
  destroyCharts();
  for (const draw of drawings) draw();
}

// Replaces what a section showed before, below its heading.
function refill(id, ...children) {
  const section = sectionOf(id);
  while (section.children.length > 1) section.lastElementChild.remove();
  section.append(...children.filter((child) => child !== null));
}

// A labelled selection of [value, text] pairs; nothing to choose: nothing shown.
function selector(label, options, current, changed) {
  if (options.length < 2) return null;
  const select = element("select", {onchange: () => changed(select.value)});
  for (const [value, text] of options) select.append(element("option", {value, selected: value === current}, text));
  return element("label", {class: "selector"}, label + " ", select);
}
