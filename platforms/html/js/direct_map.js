// The direct map by address: how large the leaves are that map each cell, what is not mapped and what has a key.
"use strict";

const leafKinds = [["1 GiB leaves", 3, "#dcebf7"], ["2 MiB leaves", 2, "#86bfe6"], ["4 KiB leaves", 1, "#0072b2"]];
const unmappedColour = "#d55e00";
const keyedColour = "#000000";
const cellColumns = 64;

// [4 KiB, 2 MiB, 1 GiB, unmapped, keyed] pages of every cell.
const cellsOf = (picture) => picture.runs.flatMap(([count, ...cell]) => Array.from({length: count}, () => cell));

function cellText(picture, cell, index) {
  const [small, middle, large, unmapped, keyed] = cell;
  const start = index * picture.cell_bytes;
  const parts = [[large, "in 1 GiB leaves"], [middle, "in 2 MiB leaves"], [small, "in 4 KiB leaves"], [unmapped, "not mapped"], [keyed, "with a key"]];
  return `0x${start.toString(16)} to 0x${(start + picture.cell_bytes).toString(16)}: ` +
    (parts.filter(([pages]) => pages > 0).map(([pages, what]) => `${formatBytes(pages * 4096)} ${what}`).join(", ") || "no memory");
}

function paintMap(canvas, picture, cells, size) {
  const ratio = Math.max(2, window.devicePixelRatio || 1);
  const columns = Math.min(cellColumns, cells.length);
  const rows = Math.ceil(cells.length / columns);
  canvas.width = columns * size * ratio;
  canvas.height = rows * size * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  cells.forEach((cell, index) => {
    const x = (index % columns) * size;
    const y = Math.floor(index / columns) * size;
    const total = cell[0] + cell[1] + cell[2];
    if (total === 0) return;
    // Strips from the bottom: as much of the cell as has leaves of the size, but never so thin that it is not seen.
    let at = y + size - 1;
    const strips = leafKinds.map(([, column, colour]) => [cell[column - 1] / total, colour]).reverse().filter(([share]) => share > 0);
    const heights = strips.map(([share]) => Math.max(2, share * (size - 1)));
    const excess = sum(heights) - (size - 1);
    heights[heights.indexOf(Math.max(...heights))] -= excess;
    strips.forEach(([, colour], strip) => {
      pen.fillStyle = colour;
      pen.fillRect(x, at - heights[strip], size - 1, heights[strip]);
      at -= heights[strip];
    });
    const mark = (share, colour, left) => {
      if (share <= 0) return;
      const side = Math.max(size * 0.3, Math.sqrt(share) * (size - 3));
      pen.fillStyle = colour;
      pen.fillRect(left ? x + 1 : x + size - 2 - side, y + 1, side, side);
    };
    mark(cell[3] / total, unmappedColour, true);
    mark(cell[4] / total, keyedColour, false);
  });
  return {columns, rows};
}

function directMapFigure(point) {
  const picture = detailOf(point, choice.workload).direct_map;
  const cells = cellsOf(picture);
  const totals = [0, 1, 2, 3, 4].map((column) => sum(cells.map((cell) => cell[column])) * 4096);
  const summary = `1 GiB leaves ${formatBytes(totals[2])}, 2 MiB leaves ${formatBytes(totals[1])}, 4 KiB leaves ${formatBytes(totals[0])}; ` +
    `not mapped ${formatBytes(totals[3])}` + (totals[4] > 0 ? `, with a key ${formatBytes(totals[4])}` : "");
  const canvas = element("canvas", {class: "map", role: "img", "aria-label": `Direct map of ${seriesOf(point)} by address: ${summary}`});
  const size = 14;
  const {columns, rows} = paintMap(canvas, picture, cells, size);
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  canvas.style.maxWidth = `${columns * size}px`;
  const details = element("p", {class: "flame-details", "aria-live": "polite"}, "Point at a cell for its contents.");
  canvas.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.min(columns - 1, Math.floor(((event.clientX - box.left) / box.width) * columns));
    const index = Math.min(rows - 1, Math.floor(((event.clientY - box.top) / box.height) * rows)) * columns + column;
    if (cells[index]) details.textContent = cellText(picture, cells[index], index);
  });
  return element("figure", {class: "map-figure", "data-series": seriesOf(point)}, element("figcaption", {}, element("strong", {}, seriesOf(point)), ` ${summary}`),
    canvas, details);
}

function drawDirectMap() {
  const points = pointsAt().filter((point) => detailOf(point, choice.workload) && detailOf(point, choice.workload).direct_map.runs.length > 0);
  if (points.length === 0) {
    refill("direct-map", element("p", {class: "note"}, "No picture of the direct map in these results."));
    return;
  }
  const keyed = points.some((point) => cellsOf(detailOf(point, choice.workload).direct_map).some((cell) => cell[4] > 0));
  const key = element("ul", {class: "key"}, ...[...leafKinds.map(([name, , colour]) => [name, colour]), ["not mapped", unmappedColour], ...(keyed ? [["with a protection key", keyedColour]] : [])]
    .map(([name, colour]) => element("li", {}, element("span", {class: "patch", style: `background:${colour}`}), name)));
  const {cell_bytes: bytes} = detailOf(points[0], choice.workload).direct_map;
  refill("direct-map", element("p", {class: "hint"}, `${hereText()}, ${sweptText()}. Physical addresses from left to right and top to bottom, `,
    `${formatBytes(bytes)} a cell. Strips: what the cell is mapped by; squares at the top: how much of it is not mapped (left)${keyed ? " or has a key (right)" : ""}, small amounts drawn larger than they are.`),
    sweptSelector(), key, element("div", {class: points.length > 1 ? "grid" : "single"}, ...points.map(directMapFigure)));
}
addDrawing(drawDirectMap);
