// One flame graph per series: the ledger as a tree, the width of a frame its cycles. A frame can be zoomed into.
"use strict";

const rowHeight = 19;
const narrowest = 0.0008;  // of the width: narrower frames are not drawn until somebody zooms in

function flameTree(point) {
  const root = {name: "all cycles", cycles: 0, children: new Map(), parent: null};
  for (const [side, title] of sides)
    for (const [path, cycles] of ledgerOf(point, side)) {
      root.cycles += cycles;
      let at = root;
      for (const part of [title.toLowerCase(), ...path.split("/")]) {
        if (!at.children.has(part)) at.children.set(part, {name: part, cycles: 0, children: new Map(), parent: at});
        at = at.children.get(part);
        at.cycles += cycles;
      }
    }
  return root;
}

const pathOf = (node) => (node.parent === null ? "" : node.parent.parent === null ? node.name : `${pathOf(node.parent)};${node.name}`);

// Flushes and interrupts stand out; the two roots have hues of their own.
function flameColour(node) {
  const path = pathOf(node);
  let hash = 0;
  for (const letter of node.name) hash = (hash * 31 + letter.charCodeAt(0)) % 997;
  const light = 68 + (hash % 17);
  if (node.parent === null) return "#ddd";
  if (/flush|interrupt|ack-wait|call-function/.test(path)) return `hsl(${18 + (hash % 14)} 90% ${light - 6}%)`;
  return path.startsWith("victims") ? `hsl(${200 + (hash % 16)} 65% ${light}%)` : `hsl(${44 + (hash % 12)} 85% ${light}%)`;
}

function flameGraph(point) {
  const root = flameTree(point);
  const details = element("p", {class: "flame-details", "aria-live": "polite"});
  const stage = element("div", {class: "flame", role: "group",
    "aria-label": `Flame graph of ${seriesOf(point)}: ${[...root.children.values()].map((child) => `${child.name} ${percentOf(child.cycles, root.cycles)}`).join(", ")}`});
  let focus = root;
  let levels = 0;
  const text = (node) => `${pathOf(node) || node.name}: ${node.cycles.toLocaleString("en-US")} cycles, ${percentOf(node.cycles, root.cycles)} of all` +
    (focus === root || node === focus ? "" : `, ${percentOf(node.cycles, focus.cycles)} of ${focus.name}`);
  const whole = element("button", {type: "button", class: "whole", onclick: () => zoom(root)}, "Show all");

  function frame(node, left, width, level) {
    levels = Math.max(levels, level + 1);
    const box = element("div", {
      class: "frame", tabindex: width > 0.02 ? 0 : -1, role: "button", title: text(node), "data-path": pathOf(node),
      style: `left:${left * 100}%;width:${width * 100}%;bottom:${level * rowHeight}px;background:${flameColour(node)}`,
      onclick: () => zoom(node),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); zoom(node); } },
      onmouseenter: () => { details.textContent = text(node); }, onfocus: () => { details.textContent = text(node); },
    }, width > 0.025 ? node.name : "");
    stage.append(box);
    let at = left;
    const children = [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const child of children) {
      const part = node.cycles === 0 ? 0 : (width * child.cycles) / node.cycles;
      if (part >= narrowest) frame(child, at, part, level + 1);
      at += part;
    }
  }
  function zoom(node) {
    focus = node;
    stage.replaceChildren();
    levels = 0;
    const above = [];
    for (let at = node.parent; at !== null; at = at.parent) above.unshift(at);
    above.forEach((ancestor, level) => stage.append(element("div", {class: "frame ancestor", role: "button", tabindex: 0, title: text(ancestor),
      style: `left:0;width:100%;bottom:${level * rowHeight}px`, onclick: () => zoom(ancestor)}, ancestor.name)));
    frame(node, 0, 1, above.length);
    stage.style.height = `${levels * rowHeight}px`;
    details.textContent = text(node);
    whole.disabled = node === root;
  }
  zoom(root);
  return element("figure", {class: "flame-figure", "data-series": seriesOf(point)},
    element("figcaption", {}, element("strong", {}, seriesOf(point)), ` ${root.cycles.toLocaleString("en-US")} cycles `, whole), stage, details);
}

function drawFlames() {
  const points = pointsAt().filter((point) => detailOf(point, choice.workload));
  refill("flames", element("p", {class: "hint"}, `${hereText()}, ${sweptText()}. Width: simulated cycles of the whole run, all cores; `,
    "the order from left to right means nothing. Orange: flushes and interrupts; yellow: other work of the cores that allocate; blue: work of the others. ",
    "Click on a frame to zoom. ", element("code", {}, "splinter run --folded"), " writes the same for flamegraph.pl and speedscope."), sweptSelector(),
    ...points.map(flameGraph));
}
addDrawing(drawFlames);
