// Every parameter with origin and source; what reproduces the page's numbers; and all figures as files.
"use strict";

const confidences = unique(data.parameters.map((parameter) => parameter.confidence)).filter((text) => text !== "").sort();

function parameterRows(text, confidence) {
  const wanted = text.toLowerCase();
  return data.parameters.filter((parameter) => (confidence === "" || parameter.confidence === confidence) &&
    `${parameter.key} ${parameter.source} ${parameter.origin}`.toLowerCase().includes(wanted))
    .map((parameter) => [parameter.key, parameter.values.join(", "), parameter.range, parameter.confidence, parameter.origin, parameter.source]);
}

function drawParameters() {
  const hold = element("div", {});
  const count = element("summary", {"aria-live": "polite"});
  const list = element("details", {}, count, hold);
  window.addEventListener("beforeprint", () => { list.open = true; });
  const filter = {text: "", confidence: ""};
  const show = () => {
    const rows = parameterRows(filter.text, filter.confidence);
    count.textContent = `${rows.length} of ${data.parameters.length} parameters`;
    hold.replaceChildren(table("Resolved parameters", [["parameter", "text"], ["value", "text"], ["range", "text"], ["confidence", "text"], ["origin", "text"],
      ["source", "text"]], rows));
    hold.firstChild.classList.add("cards");
  };
  refill("parameters", element("p", {class: "hint"}, "Several values: an axis. Confidence: H from a manual or a measurement of this part, M of a near one, L fitted or extrapolated; ",
    "assumed: derived, no public figure; MEM: from memory. configs/README.md says more."),
    element("p", {}, element("label", {class: "selector"}, "contains ", element("input", {type: "search", oninput: (event) => {
      filter.text = event.target.value;
      list.open = true;
      show();
    }})), selector("confidence", [["", "any"], ...confidences.map((name) => [name, name])], "", (value) => {
      filter.confidence = value;
      list.open = true;
      show();
    })), list);
  show();
}

function download(name, kind, text) {
  return element("button", {type: "button", "data-file": name, onclick: () => {
    const link = element("a", {href: URL.createObjectURL(new Blob([text], {type: kind})), download: name});
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }}, name);
}

function drawProvenance() {
  const rows = data.hashes.map((hash) => [...hash.labels, hash.workload, hash.end_cycles.toLocaleString("en-US"), hash.state_hash]);
  refill("provenance", element("p", {}, `Program version ${data.version}, result schema ${data.schema}. The same configuration and seed give the same bytes: `,
    "state hashes cover all cores' times, ledgers, counters and latencies."),
    element("p", {}, "All figures of all points: ", download(`${data.file_stem}.csv`, "text/csv", data.csv), " ", download(`${data.file_stem}.jsonl`, "application/x-ndjson", data.jsonl)),
    element("details", {}, element("summary", {}, `Hashes of ${rows.length} runs`), table("State hashes by run",
      [...data.hash_labels.map((label) => [label, "text"]), ["workload", "text"], ["end, cycles", "number"], ["state hash", "text"]], rows, {headings: data.hash_labels.length || 1})),
    data.left_out ? element("p", {class: "note"}, data.left_out) : null);
}
