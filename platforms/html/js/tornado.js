// What `splinter sensitivity --json` found, if the report was given it: how far the figure moves when an uncertain parameter is
// put to either end of its range, and whether the order of the alternatives survives.
"use strict";

const tornadoRows = 15;
const tornadoChoice = {section: 0, alternative: null, hidden: new Set()};
const tornadoEnds = ["low end", "high end"];
const changeOf = (base, moved) => (base === null || moved === null || base === 0 ? null : (100 * (moved - base)) / Math.abs(base));
const signed = (percent) => (percent === null ? "–" : `${percent > 0 ? "+" : ""}${formatNumber(percent)} %`);
const orderText = (names, figures) => names.map((name, index) => [name, figures[index]]).filter(([, value]) => value !== null)
  .sort((a, b) => a[1] - b[1]).map(([name]) => name).join(" < ");
const sectionName = (section) => [section.workload, phaseName(section.phase), section.place].filter((part) => part !== "").join(", ");

// What changes the order, in sentences.
function orderNotes(section) {
  const base = orderText(section.alternatives, section.base);
  const changing = section.parameters.flatMap((parameter) => [["low", parameter.at_low, parameter.order_changes_at_low],
    ["high", parameter.at_high, parameter.order_changes_at_high]].filter(([, , changes]) => changes)
    .map(([end, figures]) => `${parameter.key} at ${parameter[end]}: ${orderText(section.alternatives, figures)}`));
  const alone = changing.length === 0
    ? element("p", {}, `The order ${base} does not depend on any of the ${section.parameters.length} parameters that were moved: none changes it when it goes alone to either end of its range.`)
    : element("p", {}, `The order ${base} depends on what follows:`);
  const list = changing.length === 0 ? null : element("ul", {}, ...changing.map((text) => element("li", {}, text)));
  const together = section.joint.filter((pair) => pair.first_figure !== null && pair.second_figure !== null).map((pair) => element("li", {},
    `${pair.first} < ${pair.second}: ` + (pair.first_figure < pair.second_figure ? "stays, " : "is turned round, ") +
    `${formatNumber(pair.first_figure)} to ${formatNumber(pair.second_figure)}`));
  return [alone, list, ...(together.length === 0 ? [] : [element("p", {}, "All of them together, each at the end that favours the second of two neighbours:"), element("ul", {}, ...together)])];
}

function tornadoChart(section, alternative) {
  const index = section.alternatives.indexOf(alternative);
  const base = section.base[index];
  const changes = (parameter) => [changeOf(base, parameter.at_low[index]), changeOf(base, parameter.at_high[index])];
  const size = (parameter) => Math.max(...changes(parameter).map((change) => Math.abs(change ?? 0)));
  const moving = section.parameters.filter((parameter) => size(parameter) > 0).sort((a, b) => size(b) - size(a));
  const shown = moving.slice(0, tornadoRows);
  if (shown.length === 0) return null;
  const label = (parameter) => parameter.key + (parameter.order_changes_at_low || parameter.order_changes_at_high ? " (changes the order)" : "");
  const dataset = (end, number) => ({
    label: tornadoEnds[number], hidden: tornadoChoice.hidden.has(tornadoEnds[number]), backgroundColor: fillOf(number), borderColor: colourOf(number), borderWidth: 1, data: shown.map((parameter) => changes(parameter)[number]),
    values: shown.map((parameter) => parameter[end]), minBarLength: 2,
  });
  const largest = shown.slice(0, 3).map((parameter) => `${parameter.key} ${changes(parameter).map(signed).join(" and ")}`);
  const figure = chartFigure({
    title: `${alternative}: change of ${data.sensitivity.figure}`, height: 90 + 34 * shown.length,
    note: `${moving.length} of ${section.parameters.length} parameters move it` + (moving.length > shown.length ? `; the ${shown.length} with the largest effect` : ""),
    alternative: `Tornado of ${alternative}. Largest: ${largest.join("; ")}.`,
    controls: ownLegend("Ends of the ranges", tornadoEnds, tornadoChoice.hidden, areaSwatch, () => figure.chart),
  }, {
    type: "bar",
    data: {labels: shown.map(label), datasets: [dataset("low", 0), dataset("high", 1)]},
    options: {
      indexAxis: "y", interaction: {mode: "index", axis: "y", intersect: false},
      plugins: {tooltip: {callbacks: {
        label: (item) => ` ${item.dataset.label} ${item.dataset.values[item.dataIndex]}: ${signed(item.parsed.x)}`,
        footer: (items) => (items.length === 0 ? "" : `value ${shown[items[0].dataIndex].value}, confidence ${shown[items[0].dataIndex].confidence}`),
      }}},
      scales: {
        x: {afterBuildTicks: fewerTicks, title: {display: true, text: "change in percent"}, ticks: {...ticksAlong, callback: (value) => signed(value)}},
        y: {ticks: {autoSkip: false, callback: function (value) { return wrapKey(this.getLabelForValue(value), this.chart.width); }}},
      },
    },
  });
  return figure;
}
// Long keys take two lines where there is little room.
const wrapKey = (key, width) => (width > 500 || key.length < 20 ? key : key.split(/(?<=\.)(?=[^.]*$)| (?=\()/));

function drawTornado() {
  const found = data.sensitivity;
  if (found === null) {
    refill("sensitivity", element("p", {class: "note"}, "These results hold no analysis of sensitivity. ", element("code", {}, "splinter sensitivity CONFIG --json DIR/sensitivity.json"),
      " makes one; the report then shows it here."));
    return;
  }
  const sections = found.sections;
  const section = sections[Math.min(tornadoChoice.section, sections.length - 1)];
  if (section === undefined) {
    refill("sensitivity", element("p", {class: "note"}, "The analysis of sensitivity has no results."));
    return;
  }
  const preferred = section.alternatives.includes("freetype") ? "freetype" : section.alternatives[0];
  const alternative = section.alternatives.includes(tornadoChoice.alternative) ? tornadoChoice.alternative : preferred;
  const figure = tornadoChart(section, alternative);
  const rows = section.parameters.map((parameter) => [parameter.key, parameter.value, `${parameter.low} to ${parameter.high}`, parameter.confidence,
    ...section.alternatives.map((_, index) => `${signed(changeOf(section.base[index], parameter.at_low[index]))}, ${signed(changeOf(section.base[index], parameter.at_high[index]))}`)]);
  const hold = element("div", {});
  refill("sensitivity", element("p", {class: "hint"}, `${found.figure} when each parameter of low confidence goes to both ends of its range. ${found.range_rule} ${found.chosen.join("; ")}`),
    found.made_at.length === 0 ? null : element("p", {class: "hint"}, `Made at ${found.made_at.join(", ")}.`),
    found.foreign.length === 0 ? null : element("p", {class: "note", id: "foreign-analysis"},
      `This analysis is of another configuration than the results of this page: ${found.foreign.join("; ")}. It does not answer for them.`),
    selector("of", sections.map((one, number) => [String(number), sectionName(one)]), String(tornadoChoice.section), (value) => {
      tornadoChoice.section = Number(value);
      drawAll();
    }), ...orderNotes(section), selector(found.ranked_axis, section.alternatives.map((name) => [name, name]), alternative, (value) => {
      tornadoChoice.alternative = value;
      drawAll();
    }), hold, figure === null ? element("p", {class: "note"}, `No parameter moves ${alternative}.`) : null,
    element("details", {}, element("summary", {}, "All moved parameters as a table"), table(`Change at the low and at the high end: ${sectionName(section)}`,
      [["parameter", "text"], ["value", "text"], ["range", "text"], ["confidence", "text"], ...section.alternatives.map((name) => [name, "number"])], rows)));
  if (figure !== null) place(hold, [figure]);
}
addDrawing(drawTornado);
