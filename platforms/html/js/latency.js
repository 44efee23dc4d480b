// Percentiles of single calls, and the whole distribution where the results hold histograms.
"use strict";

const percentiles = [["alloc_p50_cycles", "median"], ["alloc_p99_cycles", "99 %"], ["alloc_p999_cycles", "99.9 %"],
  ["worst_call_cycles", "worst call"]];
const orderIn = (figure) => figure.replace(/_cycles$/, "").replace(/_/g, " ");

function percentileChart(points) {
  const shown = percentiles.filter(([id]) => points.some((point) => figureOf(point, id)));
  if (shown.length === 0) return null;
  const values = points.map((point) => shown.map(([id]) => figureOf(point, id)));
  const means = values.flat().filter((estimate) => estimate).map((estimate) => estimate[0]);
  const logarithmic = farApart(means, 20);
  const texts = points.map((point, index) => `${seriesOf(point)}: ${values[index].map((estimate) => formatEstimate(estimate, "")).join(", ")}`);
  return chartFigure({
    title: "Cycles of one allocation", note: `Protected allocations; nearest rank. ${sweptText()}`,
    alternative: `Bars of ${shown.map(([, name]) => name).join(", ")} of the cycles of one allocation. ${texts.join("; ")}.`, height: 300,
  }, {
    type: "bar",
    data: {
      labels: shown.map(([, name]) => name),
      datasets: points.map((point, index) => {
        const series = seriesNames.indexOf(seriesOf(point));
        return {
          label: seriesOf(point), hidden: choice.hidden.has(seriesOf(point)), backgroundColor: fillOf(series), borderColor: colourOf(series),
          borderWidth: 1, data: values[index].map((estimate) => (estimate ? estimate[0] : null)),
          halves: values[index].map((estimate) => (estimate ? estimate[1] : null)), estimates: values[index],
        };
      }),
    },
    options: {
      interaction: {mode: "index", intersect: false},
      plugins: {tooltip: {callbacks: {label: (item) => ` ${item.dataset.label}: ${formatEstimate(item.dataset.estimates[item.dataIndex], "")} cycles`}}},
      scales: {y: valueAxis(logarithmic, "", "cycles")},
    },
  });
}

// Share of calls that took longer: the tail is what percentiles are asked for.
function tailChart(points, figure) {
  const curves = points.map((point) => {
    const histogram = ((detailOf(point, choice.workload) || {}).histograms || []).find((candidate) =>
      candidate.phase === choice.phase && candidate.figure === figure);
    if (!histogram) return null;
    const total = sum(histogram.buckets.map(([, , count]) => count));
    let above = total;
    return histogram.buckets.map(([low, high, count]) => {
      const at = {x: Math.max(1, low), y: above / total, high};
      above -= count;
      return at;
    });
  });
  if (curves.every((curve) => curve === null)) return null;
  return chartFigure({
    title: `How long the slowest take: ${orderIn(figure)}`, height: 300,
    note: `Share of calls that took at least so many cycles. ${data.histogram_error || ""}`,
    alternative: `Share of calls by the cycles that they took at least, ${points.map(seriesOf).join(", ")}; the percentiles are in the chart beside.`,
  }, {
    type: "line",
    data: {datasets: points.map((point, index) => {
      const series = seriesNames.indexOf(seriesOf(point));
      return {
        label: seriesOf(point), hidden: choice.hidden.has(seriesOf(point)), data: curves[index] || [], stepped: "after", pointRadius: 2.5,  // a distribution of one value is one point
        ...lineStyle(series),
      };
    })},
    options: {
      interaction: {mode: "nearest", axis: "x", intersect: false},
      plugins: {tooltip: {callbacks: {
        title: (items) => (items.length === 0 ? "" : `at least ${formatNumber(items[0].parsed.x)} cycles`),
        label: (item) => ` ${item.dataset.label}: ${formatNumber(100 * item.parsed.y)} % of calls (${formatNumber(item.raw.x)} to ${formatNumber(item.raw.high)} cycles)`,
      }}},
      scales: {
        x: {type: "logarithmic", title: {display: true, text: "cycles, log"}, ticks: {...ticksAlong, callback: tickText("")}},
        y: {type: "logarithmic", title: {display: true, text: "share of calls, log"}, ticks: {callback(value) { return logTick(value * 100, "", this) && `${logTick(value * 100, "", this)} %`; }}},
      },
    },
  });
}

function drawLatency() {
  const points = pointsAt().filter((point) => rowOf(point, choice.workload, choice.phase));
  const tails = ["alloc_cycles", "free_cycles", "mapped_cycles"].map((figure) => tailChart(points, figure)).filter((figure) => figure !== null);
  const bars = percentileChart(points);
  const figures = [...(bars === null ? [] : [bars]), ...tails];
  const swatch = (index) => element("span", {class: "swatches"}, bars === null ? null : areaSwatch(index), tails.length === 0 ? null : lineSwatch(lineStyle(index)));
  const buttons = seriesNames.length < 2 || figures.length === 0 ? null : legend("Series of latency", seriesNames, choice.hidden, swatch, (name) => {
    for (const figure of figures) {
      figure.chart.data.datasets.forEach((dataset, index) => {
        if (dataset.label === name) figure.chart.setDatasetVisibility(index, !choice.hidden.has(name));
      });
      figure.chart.update();
    }
  });
  refill("latency", sweptSelector(), buttons,
    figures.length === 0 ? element("p", {class: "note"}, `${choice.workload}, ${phaseName(choice.phase)}: no latencies were measured.`) : null);
  place(sectionOf("latency"), figures);
}
addDrawing(drawLatency);
