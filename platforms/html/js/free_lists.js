// Free pages by type and by order over simulated time.
"use strict";

const freeChoice = {view: "change", type: null, hidden: new Map()};  // hidden: names by title
const pagesByOrder = (blocks) => blocks.map((count, order) => count * 2 ** order * 4096);

// Dashed lines where phases begin.
const phaseLines = {
  id: "phaseLines",
  afterDatasetsDraw(chart) {
    const phases = chart.options.plugins.phaseLines && chart.options.plugins.phaseLines.phases;
    if (!phases) return;
    const pen = chart.ctx;
    const area = chart.chartArea;
    pen.save();
    pen.strokeStyle = pen.fillStyle = "#555";
    pen.setLineDash([4, 3]);
    pen.font = `11px ${Chart.defaults.font.family}`;
    for (const phase of phases) {
      const x = chart.scales.x.getPixelForValue(phase.cycles);
      pen.beginPath();
      pen.moveTo(x, area.top);
      pen.lineTo(x, area.bottom);
      pen.stroke();
      pen.textAlign = x > area.right - 70 ? "right" : "left";
      pen.fillText(phase.name, x + (pen.textAlign === "left" ? 3 : -3), area.top + 10);
    }
    pen.restore();
  },
};
Chart.register(phaseLines);

// `style(row)`: of the line of a name; samples are many, so that lines have no marks.
function overTime(point, title, note, names, values, style) {
  const history = detailOf(point, choice.workload).free_lists;
  const change = freeChoice.view === "change";
  const ends = names.map((name, row) => `${name} ${formatBytes(values[0][row])} to ${formatBytes(values.at(-1)[row])}`);
  if (!freeChoice.hidden.has(title)) freeChoice.hidden.set(title, new Set());
  const hidden = freeChoice.hidden.get(title);
  const styles = names.map((_, row) => ({...style(row), pointStyle: "line", pointRadius: 0, pointHitRadius: 6}));
  const figure = chartFigure({
    title, note, height: 240, alternative: `${title}, ${seriesOf(point)}, from start to end of the run: ${ends.join("; ")}.`,
    controls: ownLegend(`Series of ${title}`, names, hidden, (row) => lineSwatch(styles[row]), () => figure.chart),
  }, {
    type: "line",
    data: {datasets: names.map((name, row) => ({
      label: name, stepped: "before", hidden: hidden.has(name), ...styles[row],
      data: history.samples.map(([cycles], index) => ({x: cycles, y: values[index][row] - (change ? values[0][row] : 0)})),
    }))},
    options: {
      interaction: {mode: "index", intersect: false},
      plugins: {
        phaseLines: {phases: history.phases},
        tooltip: {callbacks: {
          title: (items) => (items.length === 0 ? "" : `at ${formatNumber(items[0].parsed.x)} cycles`),
          label: (item) => ` ${item.dataset.label}: ${change && item.parsed.y > 0 ? "+" : ""}${formatBytes(item.parsed.y)}`,
        }},
      },
      scales: {
        x: {type: "linear", afterBuildTicks: fewerTicks, min: 0, max: history.samples.at(-1)[0], title: {display: true, text: "simulated cycles"}, ticks: {...ticksAlong, callback: tickText("")}},
        y: {title: {display: true, text: change ? "change since the start" : "free memory"}, ticks: {callback: (value) => formatBytes(value)}, afterBuildTicks: byteTicks, grid: {color: "#e4e4e4"}},
      },
    },
  });
  return figure;
}

function freeListFigures(point) {
  const history = detailOf(point, choice.workload).free_lists;
  const byType = history.samples.map(([, blocks]) => blocks.map((row) => sum(pagesByOrder(row))));
  const type = Math.max(0, history.types.indexOf(freeChoice.type));
  const byOrder = history.samples.map(([, blocks]) => pagesByOrder(blocks[type]));
  const used = byOrder[0].map((_, order) => order).filter((order) => byOrder.some((row) => row[order] > 0));
  return [
    overTime(point, `${seriesOf(point)}: free memory by type`, "Blocks on the buddy lists of all zones; per-CPU lists hold more", history.types, byType, lineStyle),
    overTime(point, `${seriesOf(point)}: ${history.types[type]} by order`, "Memory in free blocks of each order",
      used.map((order) => `order ${order}`), byOrder.map((row) => used.map((order) => row[order])), (row) => orderedStyle(used[row], byOrder[0].length)),
  ];
}

function freeTable(points) {
  const rows = points.flatMap((point) => {
    const history = detailOf(point, choice.workload).free_lists;
    return history.types.map((type, row) => [seriesOf(point), type, ...history.samples.at(-1)[1][row].map((count) => count.toLocaleString("en-US"))]);
  });
  const orders = Array.from({length: Math.max(...rows.map((row) => row.length)) - 2}, (_, order) => [`order ${order}`, "number"]);
  return element("details", {}, element("summary", {}, "Free blocks at the end as a table"),
    table(`Free blocks at the end, as /proc/pagetypeinfo counts them: ${hereText()}, ${sweptText()}`, [["run", "text"], ["type", "text"], ...orders], rows, {headings: 2}));
}

function drawFreeLists() {
  const points = pointsAt().filter((point) => detailOf(point, choice.workload) && detailOf(point, choice.workload).free_lists.samples.length > 0);
  if (points.length === 0) {
    refill("free-lists", element("p", {class: "note"}, "No history of free lists in these results."));
    return;
  }
  const types = unique(points.flatMap((point) => detailOf(point, choice.workload).free_lists.types));
  if (!types.includes(freeChoice.type)) freeChoice.type = types.includes("Unmapped") ? "Unmapped" : types[0];
  const set = (key) => (value) => {
    freeChoice[key] = value;
    drawAll();
  };
  const hold = element("div", {});
  refill("free-lists", element("p", {class: "hint"}, `${hereText()}, ${sweptText()}. Dashed: where phases begin.`), sweptSelector(),
    selector("show", [["change", "change since the start"], ["all", "free memory"]], freeChoice.view, set("view")),
    selector("orders of", types.map((type) => [type, type]), freeChoice.type, set("type")), hold, freeTable(points));
  place(hold, points.flatMap(freeListFigures));
}
addDrawing(drawFreeLists);
