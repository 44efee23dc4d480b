// Points by what tells them apart. One axis of numbers is the horizontal one (`sweptAxis`), one axis gives the series
// (`seriesAxis`, usually the strategy); every other axis has one chosen value at a time.
"use strict";

const axes = data.axes.map((axis, index) => ({...axis, index}));
const varying = axes.filter((axis) => axis.values.length > 1);
const isNumeric = (axis) => axis.values.every((value) => /^[0-9.]+([a-zA-Z]+)?$/.test(value));
const seriesAxis = data.series === null ? null : axes[data.series];
const sweptAxis = data.swept === null ? null : axes[data.swept];
const fixedAxes = varying.filter((axis) => axis !== seriesAxis && axis !== sweptAxis);
for (const axis of fixedAxes) choice.fixed.set(axis.index, axis.values[0]);
// Of the sections that show one value of the swept axis at a time: the last is the hardest case.
choice.at = sweptAxis ? sweptAxis.values[sweptAxis.values.length - 1] : null;

const unitSizes = {KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40};
function numberOf(text) {
  const unit = text.replace(/^[0-9.]+/, "");
  return parseFloat(text) * (unitSizes[unit] || 1);
}
const sweptIsNumeric = sweptAxis !== null && isNumeric(sweptAxis) && sweptAxis.values.length > 1;
const valueAt = (point, axis) => (axis === null ? "" : data.points[point].labels[axis.index]);
const seriesNames = seriesAxis ? seriesAxis.values : ["result"];
const seriesOf = (point) => (seriesAxis ? valueAt(point, seriesAxis) : "result");

const rowsByPlace = new Map(data.rows.map((row) => [`${row.point}|${row.workload}|${row.phase}`, row]));
const rowOf = (point, workload, phase) => rowsByPlace.get(`${point}|${workload}|${phase}`);
const detailsByPlace = new Map(data.details.map((detail) => [`${detail.point}|${detail.workload}`, detail]));
const detailOf = (point, workload) => detailsByPlace.get(`${point}|${workload}`);

const workloads = unique(data.rows.map((row) => row.workload));
const phasesOf = (workload) => unique(data.rows.filter((row) => row.workload === workload).map((row) => row.phase));
const preferredPhase = (workload) => (phasesOf(workload).includes("steady") ? "steady" : phasesOf(workload).at(-1));
choice.workload = workloads[0];
choice.phase = preferredPhase(choice.workload);

const pointNumbers = data.points.map((_, number) => number);
const chosenPoints = () =>
  pointNumbers.filter((point) => fixedAxes.every((axis) => valueAt(point, axis) === choice.fixed.get(axis.index)));
// One of each series, at the chosen value of the swept axis.
const pointsAt = () => chosenPoints().filter((point) => sweptAxis === null || valueAt(point, sweptAxis) === choice.at);

function figureOf(point, metric, workload = choice.workload, phase = choice.phase) {
  const row = rowOf(point, workload, phase);
  return row && row.metrics[metric] ? row.metrics[metric] : null;
}

const sweptText = () => (sweptAxis ? `${sweptAxis.heading} ${choice.at}` : "");
function hereText() {
  const parts = [choice.workload, ...fixedAxes.map((axis) => `${axis.heading} ${choice.fixed.get(axis.index)}`)];
  return parts.join(", ");
}

// The choice of the swept axis's value, for the sections that show one of them.
const sweptSelector = () =>
  sweptAxis ? selector(sweptAxis.heading, sweptAxis.values.map((value) => [value, value]), choice.at, (value) => {
    choice.at = value;
    drawAll();
  }) : null;

function drawControls() {
  const controls = sectionOf("controls");
  controls.replaceChildren(...[
    selector("workload", workloads.map((name) => [name, name]), choice.workload, (name) => {
      choice.workload = name;
      choice.phase = preferredPhase(name);
      drawAll();
    }),
    selector("phase", phasesOf(choice.workload).map((name) => [name, phaseName(name)]), choice.phase, (name) => {
      choice.phase = name;
      drawAll();
    }),
    ...fixedAxes.map((axis) => selector(axis.heading, axis.values.map((value) => [value, value]), choice.fixed.get(axis.index),
      (value) => {
        choice.fixed.set(axis.index, value);
        drawAll();
      })),
  ].filter((child) => child !== null));
}
addDrawing(drawControls);
