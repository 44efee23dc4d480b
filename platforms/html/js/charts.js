// Charts by Chart.js: the look they share, colours and marks, the legend of buttons, bands and whiskers for intervals.
"use strict";

// Okabe and Ito, "Color Universal Design" (2008); yellow last, for it is weak on white.
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#e69f00", "#56b4e9", "#b5a800"];
const dashes = [[], [7, 3], [2, 3], [10, 3, 2, 3], [5, 2, 1, 2, 1, 2], [14, 4], [1, 4], [4, 4]];
const marks = ["circle", "rect", "triangle", "rectRot", "crossRot", "star", "cross", "line"];
const colourOf = (index) => colours[index % colours.length];
const roundOf = (index) => Math.floor(index / colours.length);
// Dashes and marks tell series apart, too. Each round of the colours begins one later, so that no colour comes with a dash twice.
const styleOf = (colour, place) =>
  ({borderColor: colour, backgroundColor: colour, borderDash: dashes[place % dashes.length], pointStyle: marks[place % marks.length]});
const lineStyle = (index) => styleOf(colourOf(index), index + roundOf(index));
// What has an order has colours that darken with it: "plasma" of matplotlib, without the end that is too light for white.
const darkening = ["#f2844b", "#e16462", "#cc4778", "#b12a90", "#8f0da4", "#6a00a8", "#41049d", "#0d0887"];
function orderedStyle(index, count) {
  const at = (index / Math.max(1, count - 1)) * (darkening.length - 1);
  const ends = [Math.floor(at), Math.ceil(at)].map((end) => [1, 3, 5].map((from) => parseInt(darkening[end].slice(from, from + 2), 16)));
  const mixed = ends[0].map((low, part) => Math.round(low + (at % 1) * (ends[1][part] - low)));
  return styleOf(`#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`, index);
}
const translucent = (colour, alpha) => colour + Math.round(alpha * 255).toString(16).padStart(2, "0");

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.font.size = 12;
Chart.defaults.color = "#333";
Chart.defaults.animation = false;
Chart.defaults.responsive = true;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.plugins.legend.display = false;
Chart.defaults.plugins.tooltip.backgroundColor = "rgba(255,255,255,0.96)";
Chart.defaults.plugins.tooltip.titleColor = Chart.defaults.plugins.tooltip.bodyColor = "#111";
Chart.defaults.plugins.tooltip.borderColor = "#888";
Chart.defaults.plugins.tooltip.borderWidth = 1;
Chart.defaults.plugins.tooltip.usePointStyle = true;
Chart.defaults.elements.line.borderWidth = 2;
Chart.defaults.elements.point.radius = 4;
Chart.defaults.elements.point.hoverRadius = 6;

let charts = [];
function destroyCharts() {
  for (const chart of charts) chart.destroy();
  charts = [];
}
// Paper shows more dots than a screen; the style sheet fits the canvas to the column.
function drawSharper(ratio) {
  for (const chart of charts) {
    chart.options.devicePixelRatio = ratio;
    chart.resize(chart.width, chart.height);
  }
}
window.addEventListener("beforeprint", () => drawSharper(3));
window.addEventListener("afterprint", () => drawSharper(undefined));

// Stripes for every second colour of an area, so that neighbours differ without colour; each round of the colours has others.
const stripes = [[], ["/"], ["\\"], ["/", "\\"]];
function fillOf(index) {
  const colour = colourOf(index);
  const slants = stripes[((index % 2) + roundOf(index)) % stripes.length];
  if (slants.length === 0) return colour;
  const tile = element("canvas", {width: 8, height: 8});
  const pen = tile.getContext("2d");
  pen.fillStyle = translucent(colour, 0.45);
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const slant of slants)
    for (const start of [-4, 4, 12]) {
      pen.moveTo(start - 4, slant === "/" ? 8 : 0);
      pen.lineTo(start + 4, slant === "/" ? 0 : 8);
    }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

// A figure with heading, canvas and the text that says the same to who cannot see it. `make(canvas)`: the chart's settings.
function chartFigure({title, note, alternative, height = 260, controls = null}, settings) {
  const canvas = element("canvas", {role: "img", "aria-label": alternative}, alternative);
  const figure = element("figure", {class: "chart"}, element("figcaption", {}, element("strong", {}, title),
    note ? element("span", {class: "definition"}, note) : null), controls,
    element("div", {class: "canvas", style: `height:${height}px`}, canvas));
  // Chart.js measures its parent: draw when the figure is in the page.
  figure.draw = () => {
    const chart = new Chart(canvas, settings);
    charts.push(chart);
    figure.chart = chart;
  };
  return figure;
}
function place(parent, figures) {
  const grid = element("div", {class: figures.length > 1 ? "grid" : "single"}, ...figures);
  parent.append(grid);
  for (const figure of figures) figure.draw();
}

// Lines at both ends of a bar's interval: datasets carry `halves`, by index.
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    const pen = chart.ctx;
    pen.save();
    pen.strokeStyle = "#000";
    pen.lineWidth = 1.5;
    chart.data.datasets.forEach((dataset, number) => {
      if (!dataset.halves || !chart.isDatasetVisible(number)) return;
      chart.getDatasetMeta(number).data.forEach((bar, index) => {
        const half = dataset.halves[index];
        const value = dataset.data[index];
        if (!half || value === null) return;
        const low = chart.scales.y.getPixelForValue(value - half);
        const high = chart.scales.y.getPixelForValue(value + half);
        pen.beginPath();
        pen.moveTo(bar.x - 4, high);
        pen.lineTo(bar.x + 4, high);
        pen.moveTo(bar.x, high);
        pen.lineTo(bar.x, low);
        pen.moveTo(bar.x - 4, low);
        pen.lineTo(bar.x + 4, low);
        pen.stroke();
      });
    });
    pen.restore();
  },
};
Chart.register(whiskers);

const svgName = "http://www.w3.org/2000/svg";
function svgElement(name, attributes, ...children) {
  const made = document.createElementNS(svgName, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Buttons that switch series off and on. `swatch(index)`: what stands before the name, as the charts draw it. `hidden`: names that are off.
function legend(label, names, hidden, swatch, changed) {
  const list = element("div", {class: "legend", role: "group", "aria-label": label});
  names.forEach((name, index) => {
    const button = element("button", {
      type: "button", "aria-pressed": String(!hidden.has(name)), title: "switch off or on",
      onclick: () => {
        if (hidden.has(name)) hidden.delete(name);
        else hidden.add(name);
        button.setAttribute("aria-pressed", String(!hidden.has(name)));
        changed(name);
      },
    }, swatch(index), name);
    list.append(button);
  });
  return list;
}
// The legend of a single chart, whose datasets have those names.
function ownLegend(label, names, hidden, swatch, chartOf) {
  return legend(label, names, hidden, swatch, (name) => {
    chartOf().setDatasetVisibility(names.indexOf(name), !hidden.has(name));
    chartOf().update();
  });
}
function lineSwatch(style) {
  const shapes = {
    circle: ["circle", {cx: 16, cy: 7, r: 4}], rect: ["rect", {x: 12, y: 3, width: 8, height: 8}],
    triangle: ["path", {d: "M16 2 L21 11 L11 11 Z"}], rectRot: ["path", {d: "M16 2 L21 7 L16 12 L11 7 Z"}],
    crossRot: ["path", {d: "M12 3 L20 11 M20 3 L12 11"}], star: ["path", {d: "M16 2 V12 M11 7 H21 M12 3 L20 11 M20 3 L12 11"}],
    cross: ["path", {d: "M16 2 V12 M11 7 H21"}], line: ["path", {d: "M10 7 H22"}],
  };
  const colour = style.borderColor;
  const width = style.pointRadius === 0 ? 44 : 32;
  const swatch = svgElement("svg", {width, height: 14, "aria-hidden": "true"},
    svgElement("path", {d: `M0 7 H${width}`, stroke: colour, "stroke-width": 2, "stroke-dasharray": style.borderDash.join(" ")}));
  if (style.pointRadius === 0) return swatch;
  const [name, attributes] = shapes[style.pointStyle];
  swatch.append(svgElement(name, {...attributes, fill: colour, stroke: colour, "stroke-width": 2}));
  return swatch;
}
function areaSwatch(index) {
  const canvas = element("canvas", {width: 20, height: 12, "aria-hidden": "true"});
  const pen = canvas.getContext("2d");
  pen.fillStyle = fillOf(index);
  pen.fillRect(0, 0, 20, 12);
  return canvas;
}

// A logarithmic axis serves where values are positive and far apart.
const farApart = (values, factor) => {
  const sizes = values.filter((value) => value !== null);
  return sizes.length > 1 && sizes.every((value) => value > 0) && Math.max(...sizes) / Math.min(...sizes) >= factor;
};
// Labels along the bottom stand level, with space between them.
const ticksAlong = {maxRotation: 0, autoSkipPadding: 14};
// Of a linear axis along the bottom: multiples of the step, 0 among them, few enough for its width.
function fewerTicks(axis) {
  if (axis.ticks.length < 3) return;
  axis.ctx.font = `${Chart.defaults.font.size}px ${Chart.defaults.font.family}`;
  const widest = Math.max(...axis.ticks.map(({value}) => axis.ctx.measureText(axis.options.ticks.callback.call(axis, value)).width));
  const step = axis.ticks[1].value - axis.ticks[0].value;
  // Labels at the ends may take from the width.
  const distance = (step * (axis.width - widest)) / (axis.max - axis.min);
  const multiples = (factor) => axis.ticks.filter(({value}) => Number.isInteger(Number((value / step / factor).toPrecision(9))));
  const factors = [2, 4, 5, 10].filter((factor) => multiples(factor).length > 1);
  const fits = [1, ...factors].find((factor) => factor * distance >= widest + ticksAlong.autoSkipPadding) || factors.at(-1) || 1;
  if (fits !== 1) axis.ticks = multiples(fits);
}
// Numbers of an axis look alike: all thousands have letters where its largest number has one.
function formatTick(value, unit, axis) {
  const size = Math.abs(value);
  if (unit === "bytes" || size < 1000 || Math.max(Math.abs(axis.min), Math.abs(axis.max)) < 1e7) return formatFigure(value, unit);
  const [whole, letter] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([least]) => size >= least);
  return formatNumber(value / whole) + letter;
}
// Ticks of a logarithmic axis at 1, 2 and 5 only.
const logTick = (value, unit, axis) => {
  const digit = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
  return [1, 2, 5].includes(digit) ? formatTick(value, unit, axis) : "";
};
// For Chart.js, whose callbacks get their axis as `this`.
const tickText = (unit) => function (value) { return this.type === "logarithmic" && unit !== "bytes" ? logTick(value, unit, this) : formatTick(value, unit, this); };
// Ticks of an axis of bytes, at powers of two and, of a linear one, their multiples.
function byteTicks(axis) {
  if (axis.type === "logarithmic") {
    const [first, last] = [axis.min, axis.max].map(Math.log2);
    const every = Math.max(1, Math.ceil((last - first) / 7));
    axis.ticks = [];
    for (let power = Math.ceil(first / every) * every; power <= last; power += every) axis.ticks.push({value: 2 ** power});
    return;
  }
  const step = 2 ** Math.ceil(Math.log2(Math.max(1, (axis.max - axis.min) / 6)));
  axis.ticks = [];
  for (let value = Math.ceil(axis.min / step) * step; value <= axis.max; value += step) axis.ticks.push({value});
}
// 734 -> 500: where a logarithmic axis of lines begins.
function logStart(values) {
  const least = Math.min(...values.filter((value) => value > 0));
  const decade = 10 ** Math.floor(Math.log10(least));
  return decade * [5, 2, 1].find((digit) => digit * decade <= least);
}
function valueAxis(logarithmic, unit, title) {
  return {
    type: logarithmic ? "logarithmic" : "linear", beginAtZero: !logarithmic,
    afterBuildTicks: unit === "bytes" ? byteTicks : undefined,
    title: {display: title !== "", text: title + (logarithmic ? ", log" : "")},
    ticks: {callback: tickText(unit), maxTicksLimit: 8},
    grid: {color: "#e4e4e4"},
  };
}
