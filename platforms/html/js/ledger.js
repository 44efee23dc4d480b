// The cycle ledger: every cycle of every core belongs to one account. Stacked bars, one per series, initiators and victims apart.
"use strict";

const sides = [["initiator", "Initiators", "the cores that allocate"], ["victim", "Victims", "the cores that only work beside them"]];
const mostGroups = 8;
// What every strategy waits for alike hides the rest: off until it is asked for.
const usuallyOff = ["think", "warm-up", "idle", "barrier"];
const ledgerHidden = {initiator: null, victim: null};

const ledgerOf = (point, side) => {
  const detail = detailOf(point, choice.workload);
  return detail ? detail.ledger.filter((line) => data.sides[line[0]] === side).map(([, path, cycles]) => [data.paths[path], cycles]) : [];
};
const groupName = (path) => path.split("/").slice(0, 2).join("/");

// [name, cycles by point], the largest first; what is left over last.
function ledgerGroups(points, side) {
  const groups = new Map();
  points.forEach((point, index) => {
    for (const [path, cycles] of ledgerOf(point, side)) {
      const name = groupName(path);
      if (!groups.has(name)) groups.set(name, points.map(() => 0));
      groups.get(name)[index] += cycles;
    }
  });
  const isOff = (name) => usuallyOff.includes(name.split("/")[0]);
  const sorted = [...groups].sort((a, b) => isOff(a[0]) - isOff(b[0]) || Math.max(...b[1]) - Math.max(...a[1]) || (a[0] < b[0] ? -1 : 1));
  const on = sorted.filter(([name]) => !isOff(name));
  const rest = on.slice(mostGroups - 1);
  const kept = rest.length > 1 ? [...on.slice(0, mostGroups - 1), [`${rest.length} smaller`, points.map((_, i) => sum(rest.map(([, cycles]) => cycles[i])))]] : on;
  return [...kept, ...sorted.filter(([name]) => isOff(name))];
}

function ledgerChart(points, [side, title, who]) {
  const groups = ledgerGroups(points, side);
  if (groups.length === 0) return null;
  if (ledgerHidden[side] === null) ledgerHidden[side] = new Set(usuallyOff.flatMap((top) => [top, ...groups.map(([name]) => name).filter((name) => name.startsWith(`${top}/`))]));
  const hidden = ledgerHidden[side];
  const totals = points.map((point) => sum(ledgerOf(point, side).map(([, cycles]) => cycles)));
  const names = groups.map(([name]) => name);
  const largest = points.map((point, i) => `${seriesOf(point)}: ` + groups.filter(([name]) => !hidden.has(name))
    .sort((a, b) => b[1][i] - a[1][i]).slice(0, 3).map(([name, cycles]) => `${name} ${percentOf(cycles[i], totals[i])}`).join(", "));
  const figure = chartFigure({
    title: `${title}: ${who}`, height: 110 + 46 * points.length,
    note: `Cycles of the whole run, all phases. ${sweptText()}`,
    alternative: `Stacked bars of cycles by account. Largest, ${largest.join("; ")}.`,
    controls: ownLegend(`Accounts of the ${title.toLowerCase()}`, names, hidden, areaSwatch, () => figure.chart),
  }, {
    type: "bar",
    data: {
      labels: points.map(seriesOf),
      datasets: groups.map(([name, cycles], index) => ({
        label: name, hidden: hidden.has(name), data: cycles, backgroundColor: fillOf(index), borderColor: "#fff", borderWidth: 1,
      })),
    },
    options: {
      indexAxis: "y", interaction: {mode: "index", axis: "y", intersect: false},
      plugins: {tooltip: {
        filter: (item) => item.parsed.x > 0, itemSort: (a, b) => b.parsed.x - a.parsed.x,
        callbacks: {
          label: (item) => ` ${item.dataset.label}: ${formatNumber(item.parsed.x)} (${percentOf(item.parsed.x, totals[item.dataIndex])})`,
          footer: (items) => (items.length === 0 ? "" : `all accounts: ${formatNumber(totals[items[0].dataIndex])} cycles`),
        },
      }},
      scales: {
        x: {stacked: true, afterBuildTicks: fewerTicks, title: {display: true, text: "cycles"}, ticks: {...ticksAlong, callback: tickText("")}},
        y: {stacked: true},
      },
    },
  });
  return figure;
}

function ledgerTable(points) {
  const rows = sides.flatMap(([side, title]) => {
    const paths = unique(points.flatMap((point) => ledgerOf(point, side).map(([path]) => path))).sort();
    return paths.map((path) => [title, path, ...points.map((point) => {
      const line = ledgerOf(point, side).find(([name]) => name === path);
      return line ? line[1].toLocaleString("en-US") : "–";
    })]);
  });
  return element("details", {}, element("summary", {}, "All accounts as a table"), table(`Cycles by account: ${hereText()}, ${sweptText()}`,
    [["side", "text"], ["account", "text"], ...points.map((point) => [seriesOf(point), "number"])], rows, {headings: 2}));
}

function drawLedger() {
  const points = pointsAt().filter((point) => detailOf(point, choice.workload));
  const figures = sides.map((side) => ledgerChart(points, side)).filter((figure) => figure !== null);
  refill("ledger", element("p", {class: "hint"}, "Every cycle of every core belongs to one account; accounts can be switched off. ",
    "What is the same for all strategies (thinking, warm-up, waiting) is off at first."), sweptSelector());
  place(sectionOf("ledger"), figures);
  sectionOf("ledger").append(ledgerTable(points));
}
addDrawing(drawLedger);
