// Every figure of the table against the swept axis: lines where it is a number, bars where it is not.
"use strict";

const yScales = new Map();  // by metric: the reader's "log" or "linear"

// One per series: its values at the swept axis's values, with half intervals.
function seriesValues(metric) {
  return seriesNames.map((name) => sweptAxis === null ? chosenPoints().filter((point) => seriesOf(point) === name)
    .map((point) => figureOf(point, metric)) : sweptAxis.values.map((value) => {
    const point = chosenPoints().find((candidate) => seriesOf(candidate) === name && valueAt(candidate, sweptAxis) === value);
    return point === undefined ? null : figureOf(point, metric);
  }));
}

function lineDatasets(values, logarithmic) {
  const x = sweptAxis.values.map(numberOf);
  const shown = (value) => (logarithmic && value <= 0 ? null : value);
  return seriesNames.flatMap((name, index) => {
    const colour = colourOf(index);
    const hidden = choice.hidden.has(name);
    const line = {
      label: name, series: name, hidden, ...lineStyle(index), spanGaps: true, clip: 8,
      data: values[index].map((estimate, i) => ({x: x[i], y: estimate ? shown(estimate[0]) : null, estimate})),
    };
    if (!values[index].some((estimate) => estimate && estimate[1] !== null)) return [line];
    const edge = (sign) => ({
      label: name, series: name, band: true, hidden, pointRadius: 0, pointHitRadius: 0, pointHoverRadius: 0, borderWidth: 0,
      backgroundColor: translucent(colour, 0.2),
      data: values[index].map((estimate, i) => ({x: x[i], y: estimate ? shown(estimate[0] + sign * (estimate[1] || 0)) : null})),
    });
    return [line, edge(-1), {...edge(1), fill: "-1"}];
  });
}

function barDatasets(values) {
  return seriesNames.map((name, index) => ({
    label: name, series: name, hidden: choice.hidden.has(name), backgroundColor: fillOf(index), borderColor: colourOf(index), borderWidth: 1,
    data: values[index].map((estimate) => (estimate ? estimate[0] : null)),
    halves: values[index].map((estimate) => (estimate ? estimate[1] : null)), estimates: values[index],
  }));
}

function figureTooltip(metric) {
  return {
    filter: (item) => !item.dataset.band,
    itemSort: (a, b) => (b.parsed.y ?? 0) - (a.parsed.y ?? 0),
    callbacks: {
      title: (items) => (items.length === 0 || sweptAxis === null ? "" : `${sweptAxis.heading} ${sweptAxis.values[items[0].dataIndex]}`),
      label: (item) => {
        const estimate = item.raw && item.raw.estimate ? item.raw.estimate : item.dataset.estimates ? item.dataset.estimates[item.dataIndex] : null;
        return ` ${item.dataset.label}: ${formatEstimate(estimate, metric.unit)}`;
      },
    },
  };
}

function figureChart(metric, values) {
  const means = values.flat().filter((estimate) => estimate).map((estimate) => estimate[0]);
  const logarithmic = (yScales.get(metric.id) || (farApart(means, 20) ? "log" : "linear")) === "log";
  const zeros = means.filter((value) => value <= 0).length;
  const controls = selector("scale", [["linear", "linear"], ["log", "logarithmic"]], logarithmic ? "log" : "linear", (scale) => {
    yScales.set(metric.id, scale);
    drawAll();
  });
  const xs = sweptIsNumeric ? sweptAxis.values.map(numberOf) : [];
  const xAxis = sweptIsNumeric ? {
    type: farApart(xs, 8) && xs.length > 2 ? "logarithmic" : "linear", min: Math.min(...xs), max: Math.max(...xs),
    title: {display: true, text: sweptAxis.heading},
    afterBuildTicks: (axis) => { axis.ticks = xs.map((value) => ({value})); },
    ticks: {...ticksAlong, callback: (value) => sweptAxis.values[xs.indexOf(value)] ?? ""},
  } : {title: {display: sweptAxis !== null, text: sweptAxis ? sweptAxis.heading : ""}};
  const texts = seriesNames.map((name, index) => `${name}: ${values[index].map((estimate) => formatEstimate(estimate, metric.unit)).join(", ")}`);
  const along = sweptAxis ? ` against ${sweptAxis.heading} ${sweptAxis.values.join(", ")}` : "";
  return chartFigure({
    title: withUnit(metric), controls, alternative: `Chart of ${metric.heading}${along}. ${texts.join("; ")}.`,
    note: metric.definition + (logarithmic && zeros > 0 ? `. ${zeros} values of 0 or less are not on the logarithmic axis` : ""),
  }, {
    type: sweptIsNumeric ? "line" : "bar",
    data: {
      labels: sweptIsNumeric ? undefined : sweptAxis ? sweptAxis.values : [choice.workload],
      datasets: sweptIsNumeric ? lineDatasets(values, logarithmic) : barDatasets(values),
    },
    options: {
      interaction: {mode: "index", intersect: false}, plugins: {tooltip: figureTooltip(metric)},
      layout: {padding: {right: 10}},
      scales: {x: xAxis, y: {...valueAxis(logarithmic, metric.unit, metric.unit === "bytes" ? "" : metric.unit),
        ...(logarithmic && sweptIsNumeric ? {min: logStart(means)} : {})}},
    },
  });
}

function drawFigures() {
  const [shown] = splitMetrics(chosenPoints());
  const figures = shown.map((metric) => figureChart(metric, seriesValues(metric.id)));
  const isLine = sweptIsNumeric;
  const buttons = seriesNames.length < 2 ? null : legend("Series of the charts", seriesNames, choice.hidden, isLine ? (index) => lineSwatch(lineStyle(index)) : areaSwatch, (name) => {
    for (const figure of figures) {
      figure.chart.data.datasets.forEach((dataset, index) => {
        if (dataset.series === name) figure.chart.setDatasetVisibility(index, !choice.hidden.has(name));
      });
      figure.chart.update();
    }
  });
  const intervals = data.points.some((point) => point.seeds.length > 1);
  refill("figures", element("p", {class: "hint"}, `${hereText()}: ${phaseName(choice.phase)}. `,
    intervals ? `${isLine ? "Bands" : "Whiskers"}: 95 % intervals of the mean over the seeds. ` : "One seed: no intervals. "),
    buttons);
  place(sectionOf("figures"), figures);
}
addDrawing(drawFigures);
