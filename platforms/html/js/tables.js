// The answer's table, and tables in general.
"use strict";

// Cells are texts or elements; columns [heading, "number" or "text", definition].
function table(caption, columns, rows, {headings = 1} = {}) {
  const kindOf = (index) => columns[index][1] + (index === 1 && headings > 1 ? " second" : "");
  const head = element("tr", {}, ...columns.map(([text, , definition], index) =>
    element("th", {scope: "col", class: kindOf(index), title: definition}, text)));
  const body = rows.map((cells, row) => element("tr", {class: headings > 1 && row > 0 && rows[row - 1][0] !== cells[0] ? "group" : false}, ...cells.map((cell, index) => element(index < headings ? "th" : "td",
    {class: kindOf(index), "data-label": columns[index][0], scope: index < headings ? "row" : false}, cell))));
  const hold = element("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption},
    element("table", {}, element("caption", {}, element("span", {}, caption)), element("thead", {}, head), element("tbody", {}, ...body)));
  // Where the second column stays when the table is scrolled: beside the first.
  if (headings > 1) new ResizeObserver(() => hold.style.setProperty("--first", `${head.firstChild.offsetWidth}px`)).observe(head.firstChild);
  return hold;
}

// The figures that were measured: those to show, and texts for those that are the same at all points.
function splitMetrics(points) {
  const shown = [];
  const constant = [];
  for (const metric of data.columns.map((id) => metricInfo.get(id))) {
    const values = points.map((point) => figureOf(point, metric.id)).filter((estimate) => estimate);
    const texts = unique(values.map((estimate) => formatEstimate(estimate, metric.unit)));
    if (texts.length === 1 && points.length > 1) constant.push(`${withUnit(metric)} ${texts[0]}${values.length < points.length ? " where it exists" : ""}`);
    else if (texts.length > 0) shown.push(metric);
  }
  return [shown, constant];
}

// The series that ratios refer to: "none" of the strategies, else the first.
const reference = seriesNames.includes("none") ? "none" : seriesNames[0];
function ratioText(point, metric) {
  const own = figureOf(point, metric);
  const base = chosenPoints().find((other) => seriesOf(other) === reference && valueAt(other, sweptAxis) === valueAt(point, sweptAxis));
  const against = base === undefined ? null : figureOf(base, metric);
  return own && against && own[0] > 0 && against[0] > 0 ? formatNumber(own[0] / against[0]) : "–";
}

function drawAnswerTable() {
  const points = chosenPoints().filter((point) => rowOf(point, choice.workload, choice.phase));
  const [metrics, constant] = splitMetrics(points);
  const labels = [sweptAxis, seriesAxis].filter((axis) => axis !== null);
  const compares = seriesNames.length > 1;
  const columns = labels.map((axis) => [axis.heading, "text", axis.key]);
  metrics.forEach((metric, index) => {
    columns.push([withUnit(metric), "number", metric.definition]);
    if (index === 0 && compares) columns.push([`× ${reference}`, "number", `${metric.heading} by that of ${reference}`]);
  });
  const rows = points.map((point) => {
    const cells = labels.map((axis) => valueAt(point, axis));
    metrics.forEach((metric, index) => {
      cells.push(formatEstimate(figureOf(point, metric.id), metric.unit));
      if (index === 0 && compares) cells.push(ratioText(point, metric.id));
    });
    return cells;
  });
  const seeds = Math.max(...points.map((point) => data.points[point].seeds.length));
  const caption = `${hereText()}: ${phaseName(choice.phase)}` +
    (seeds > 1 ? `; means of ${seeds} seeds ± half of the 95 % interval` : "");
  const definitions = element("details", {}, element("summary", {}, "What the columns mean"),
    element("dl", {}, ...data.columns.map((id) => metricInfo.get(id)).flatMap((metric) => [element("dt", {}, withUnit(metric)), element("dd", {}, metric.definition)])));
  sectionOf("answer-table").replaceChildren(table(caption, columns, rows, {headings: labels.length}),
    constant.length > 0 ? element("p", {class: "hint"}, `The same in all rows: ${constant.join("; ")}.`) : "", definitions, ...factNotes(points));
}

// What the runs state in words, once, with the points it holds for.
function factNotes(points) {
  const holders = new Map();
  for (const point of points)
    for (const [name, text] of Object.entries((detailOf(point, choice.workload) || {facts: {}}).facts)) {
      if (name === "protection") continue;
      const fact = `${name}: ${text}`;
      holders.set(fact, [...(holders.get(fact) || []), point]);
    }
  if (holders.size === 0) return [];
  const items = [...holders].map(([fact, where]) => element("li", {}, fact,
    where.length === points.length ? "" : ` (${unique(where.map((point) =>
      [valueAt(point, sweptAxis), seriesAxis ? seriesOf(point) : ""].filter((part) => part !== "").join(" "))).join(", ")})`));
  return [element("h3", {}, "What the runs say themselves"), element("ul", {class: "facts"}, ...items)];
}
addDrawing(drawAnswerTable);
