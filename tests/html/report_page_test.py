#!/usr/bin/env python3
"""The report as a reader meets it: written by the program from a small sweep, opened in Chromium without a network.

usage: report_page_test.py SPLINTER SOURCE_DIR OUTPUT_DIR [TEST...]     leaves page, screenshots and a print in OUTPUT_DIR"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

from webdriver import Browser

SPLINTER, SOURCE, OUTPUT = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
STRATEGIES = ["none", "per-page", "batched", "freetype"]
HOSTILE = "</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\"> & \"quotes\""
SMALL = ["workload.secretmem.pages=64", "workload.secretmem.warm_up=5000cyc", "workload.secretmem.baseline=10000cyc"]


def splinter(*arguments):
    done = subprocess.run([SPLINTER, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"splinter {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def sets(values):
    return [word for value in values for word in ("--set", value)]


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="splinter-report-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        OUTPUT.mkdir(parents=True, exist_ok=True)
        configs = cls.folder / "configs"  # smoke.toml with another question, beside the files that it names
        (configs / "experiments").mkdir(parents=True)
        for name in ("platforms", "costs", "workloads"):
            (configs / name).symlink_to(SOURCE / "configs" / name)
        experiment = configs / "experiments/question.toml"
        smoke = (SOURCE / "configs/experiments/smoke.toml").read_text().split("\n", 1)[1]
        experiment.write_text(f"# Which way is cheapest on few cores? {HOSTILE}\n{smoke}")
        results = cls.folder / "results"
        axes = ["platform.cores=2,4", "flush.strategy=" + ",".join(STRATEGIES), "platform.seed=1,2"]
        splinter("sweep", experiment, "--out", results, "-j", "2", "--quiet", *sets(SMALL + axes))
        (results / "sensitivity.json").write_text(json.dumps(SENSITIVITY))
        cls.page = OUTPUT / "report.html"
        cls.csv, cls.jsonl = cls.folder / "all.csv", cls.folder / "all.jsonl"
        splinter("report", results, "-o", cls.page, "--csv", cls.csv, "--jsonl", cls.jsonl, "--quiet")
        cls.results = results
        cls.rows = [json.loads(line) for line in cls.jsonl.read_text().splitlines()]
        cls.downloads = cls.folder / "downloads"
        cls.downloads.mkdir()
        cls.browser = Browser(cls.downloads)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.set_size(1280, 900)
        self.open(self.page)

    def open(self, page):
        self.browser.log("browser")
        self.browser.log("performance")
        self.browser.open(page.as_uri())

    def run_script(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def mean(self, metric, strategy, cores, phase="steady"):
        values = [row["metrics"][metric] for row in self.rows if row["phase"] == phase and
                  row["point"]["flush.strategy"] == strategy and str(row["point"]["platform.cores"]) == str(cores)]
        self.assertEqual(len(values), 2)
        return sum(values) / len(values)

    def centre(self, selector):
        """Of the first such element, scrolled into view, in the window's coordinates."""
        return self.run_script("""const element = document.querySelector(arguments[0]);
            element.scrollIntoView({block: "center", behavior: "instant"});
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];""", selector)

    def assert_clean(self, page):
        self.assertEqual(self.run_script("return document.documentElement.dataset.drawn"), "yes")
        self.assertEqual([entry["message"] for entry in self.browser.log("browser")], [])
        requests = [json.loads(entry["message"])["message"] for entry in self.browser.log("performance")]
        urls = [event["params"]["request"]["url"] for event in requests if event["method"] == "Network.requestWillBeSent"]
        self.assertEqual([url for url in urls if not url.startswith(("data:", "blob:"))], [page.as_uri()])

    def test_it_opens_without_an_error_and_without_a_request(self):
        self.assert_clean(self.page)

    def test_texts_of_the_experiment_stay_texts(self):
        self.assertIn(HOSTILE, self.run_script("return document.querySelector('.question').textContent"))
        self.assertNotIn("taken", self.run_script("return document.title"))
        self.assertEqual(self.run_script("return document.querySelectorAll('img').length"), 0)

    def test_it_answers_in_a_sentence(self):
        answer = self.run_script("return document.querySelector('.answer').textContent")
        costs = {name: self.mean("cycles_per_page", name, 4) for name in STRATEGIES}
        best = min((name for name in STRATEGIES if name != "none"), key=costs.get)
        self.assertIn(f"{best} on 4 cores is the cheapest way that protects", answer)
        self.assertIn(f"{costs[best] / costs['none']:.2f} times that of none", answer)

    def test_the_table_has_all_points_with_their_means(self):
        rows = self.run_script("""return [...document.querySelectorAll("#answer-table tbody tr")].map((row) =>
            [...row.children].map((cell) => cell.textContent))""")
        self.assertEqual([(row[1], row[0]) for row in rows], [(name, cores) for cores in ("2", "4") for name in STRATEGIES])
        for row in rows:
            shown = float(row[2].split(" ± ")[0].replace(",", ""))
            self.assertAlmostEqual(shown / self.mean("cycles_per_page", row[1], row[0]), 1, delta=0.006)

    def test_rows_of_a_scrolled_table_keep_their_headings(self):
        self.browser.set_size(390, 844, phone=True)
        self.open(self.page)
        left, places, shadow = self.run_script("""const hold = document.querySelector("#answer-table .scroll");
            hold.scrollLeft = 200;
            const left = hold.getBoundingClientRect().left;
            return [hold.scrollLeft, [...hold.querySelectorAll("tr")].map((row) => [...row.children].slice(0, 2).map((cell) => {
                const box = cell.getBoundingClientRect();
                return [box.left - left, box.right - left];
            })), getComputedStyle(hold).backgroundAttachment];""")
        self.assertEqual(left, 200)
        for (start, end), (second, _) in places:
            self.assertAlmostEqual(start, 0, delta=1)
            self.assertAlmostEqual(second, end, delta=1)
        self.assertEqual(shadow, "local, scroll")

    def test_every_chart_is_drawn(self):
        counts = self.run_script("""return [...document.querySelectorAll("canvas[role=img]")].map((canvas) => {
            const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
            return [canvas.closest("section").id, new Set(pixels).size, canvas.getAttribute("aria-label").length];
        })""")
        self.assertEqual({section for section, _, _ in counts},
                         {"figures", "latency", "ledger", "sensitivity", "direct-map", "free-lists"})
        for section, colours, description in counts:
            self.assertGreaterEqual(colours, 3, section)
            self.assertGreater(description, 30, section)

    def test_a_chart_tells_values_under_the_pointer(self):
        x, y = self.run_script("""const canvas = document.querySelector("#figures canvas");
            canvas.scrollIntoView({block: "center", behavior: "instant"});
            const chart = Chart.getChart(canvas), box = canvas.getBoundingClientRect();
            return [box.x + chart.scales.x.getPixelForValue(4) - 3, box.y + chart.chartArea.top + 20];""")
        self.browser.hover(x, y)
        tooltip = self.run_script("""const {tooltip} = Chart.getChart(document.querySelector("#figures canvas"));
            return {opacity: tooltip.opacity, title: tooltip.title, lines: tooltip.body.flatMap((part) => part.lines)};""")
        self.assertEqual(tooltip["opacity"], 1)
        self.assertEqual(tooltip["title"], ["cores 4"])
        shown = dict(line.strip().split(": ", 1) for line in tooltip["lines"])
        self.assertEqual(set(shown), set(STRATEGIES))
        for name, text in shown.items():
            value = float(text.split(" ± ")[0].replace(",", ""))
            self.assertAlmostEqual(value / self.mean("cycles_per_page", name, 4), 1, delta=0.006)

    def test_a_series_can_be_switched_off_and_on(self):
        count = """const chart = Chart.getChart(document.querySelector("#figures canvas")), colour = arguments[0];
            const pixels = chart.ctx.getImageData(0, 0, chart.canvas.width, chart.canvas.height).data;
            let found = 0;
            for (let i = 0; i < pixels.length; i += 4) found += colour.every((part, k) => Math.abs(pixels[i + k] - part) < 8);
            return found;"""
        per_page = [0xd5, 0x5e, 0x00]
        before = self.run_script(count, per_page)
        self.assertGreater(before, 50)
        button = "#figures .legend button:nth-child(2)"
        self.assertEqual(self.run_script("return document.querySelector(arguments[0]).textContent", button), "per-page")
        self.browser.click(*self.centre(button))
        self.assertEqual(self.run_script("return document.querySelector(arguments[0]).getAttribute('aria-pressed')", button), "false")
        self.assertEqual(self.run_script(count, per_page), 0)
        self.browser.click(*self.centre(button))
        self.assertEqual(self.run_script(count, per_page), before)

    def test_no_two_series_of_a_chart_look_alike(self):
        charts = self.run_script("""for (const detail of data.details)  // free blocks of every order
              for (const [, blocks] of detail.free_lists.samples) for (const counts of blocks) counts.fill(1);
            drawAll();
            return Object.values(Chart.instances).filter((chart) => chart.config.type === "line").map((chart) =>
            chart.data.datasets.filter((dataset) => !dataset.band).map((dataset) => `${dataset.borderColor} ${dataset.borderDash}`));""")
        self.assertEqual(max(map(len, charts)), 11)
        for looks in charts:
            self.assertEqual(len(set(looks)), len(looks), looks)
        many = self.run_script("""const indices = Array.from({length: 32}, (_, index) => index);
            return [indices.map(lineStyle).map((style) => `${style.borderColor} ${style.borderDash}`),
                indices.map((index) => areaSwatch(index).toDataURL())];""")
        for looks in many:
            self.assertEqual(len(set(looks)), 32)

    def test_a_legend_shows_what_is_drawn_and_switches_it(self):
        problems = self.run_script("""const found = [];
            for (const legend of document.querySelectorAll(".legend")) {
              const says = legend.getAttribute("aria-label") || legend.closest("figure").querySelector("strong").textContent;
              const looks = [...legend.children].map((entry) => [...entry.querySelectorAll("svg, canvas")].map((swatch) =>
                swatch.toDataURL ? swatch.toDataURL() : swatch.outerHTML).join());
              if (new Set(looks).size < looks.length) found.push(says + ": two entries look alike");
              if ([...legend.children].some((entry) => entry.tagName !== "BUTTON")) { found.push(says + ": no buttons"); continue; }
              const figure = legend.closest("figure.chart");  // or the charts of the section have one legend
              const charts = [...(figure || legend.closest("section")).querySelectorAll("canvas[role=img]")].map((canvas) => Chart.getChart(canvas));
              const shown = (name) => charts.map((chart) => chart.data.datasets.map((dataset, index) => dataset.label === name && chart.isDatasetVisible(index)));
              for (const button of legend.children) {
                const name = button.textContent, before = JSON.stringify(shown(name)), on = button.getAttribute("aria-pressed") === "true";
                button.click();
                if (on === shown(name).flat().some((visible) => visible)) found.push(`${says}: ${name} is not switched`);
                button.click();
                if (JSON.stringify(shown(name)) !== before) found.push(`${says}: ${name} is not switched back`);
                const line = button.querySelector("svg"), drawn = charts.flatMap((chart) => chart.config.type !== "line" ? [] :
                  chart.data.datasets.filter((dataset) => dataset.label === name && !dataset.band));
                for (const dataset of drawn) {
                  const stroke = line && line.firstChild;
                  if (!stroke || stroke.getAttribute("stroke") !== dataset.borderColor || stroke.getAttribute("stroke-dasharray") !== dataset.borderDash.join(" "))
                    found.push(`${says}: ${name} is drawn otherwise`);
                  else if ((line.children.length > 1) !== (dataset.pointRadius !== 0)) found.push(`${says}: ${name} has other marks`);
                }
              }
            }
            return found;""")
        self.assertEqual(problems, [])

    def test_bands_are_the_intervals_over_seeds(self):
        means, halves = self.run_script("""const chart = Chart.getChart(document.querySelector("#figures canvas"));
            const [line, low] = chart.data.datasets.filter((dataset) => dataset.series === "per-page");
            return [line.data.map((at) => at.y), line.data.map((at, i) => at.y - low.data[i].y)];""")
        for index, cores in enumerate((2, 4)):
            values = [row["metrics"]["cycles_per_page"] for row in self.rows if row["phase"] == "steady" and
                      row["point"]["flush.strategy"] == "per-page" and str(row["point"]["platform.cores"]) == str(cores)]
            self.assertAlmostEqual(means[index], sum(values) / 2)
            # Student's t for one degree of freedom, 97.5 %: 12.706.
            self.assertAlmostEqual(halves[index], 12.7062 * abs(values[0] - values[1]) / 2, delta=0.001 * max(1, halves[index]))
        self.assertGreater(max(halves), 0)

    def test_the_ledger_and_the_flame_graph_hold_all_cycles(self):
        flames = self.run_script("""return [...document.querySelectorAll(".flame-figure")].map((figure) =>
            [figure.dataset.series, figure.querySelector("figcaption").textContent])""")
        self.assertEqual([name for name, _ in flames], STRATEGIES)
        for name, caption in flames:
            result = json.loads((self.results / self.file_of(name, 4, 1)).read_text())
            total = sum(line["cycles"] for line in result["workloads"][0]["ledger"])
            self.assertIn(f"{total:,} cycles", caption)

    def file_of(self, strategy, cores, seed):
        wanted = {"flush.strategy": strategy, "platform.cores": str(cores), "platform.seed": str(seed)}
        for path in sorted(self.results.glob("*.json")):
            result = json.loads(path.read_text())
            if {entry["key"]: entry["value"] for entry in result.get("point", [])} == wanted:
                return path.name
        self.fail(f"no result of {wanted}")
        return None

    def test_a_frame_tells_its_cycles_and_can_be_zoomed(self):
        frame = ".flame-figure[data-series=per-page] .frame[data-path='initiators;acquire']"
        self.browser.hover(*self.centre(frame))
        result = json.loads((self.results / self.file_of("per-page", 4, 1)).read_text())
        cycles = sum(line["cycles"] for line in result["workloads"][0]["ledger"]
                     if line["side"] == "initiator" and re.match("acquire(/|$)", line["path"]))
        details = self.run_script("return document.querySelector('.flame-figure[data-series=per-page] .flame-details').textContent")
        self.assertIn(f"initiators;acquire: {cycles:,} cycles", details)
        self.browser.click(*self.centre(frame))
        width = """const frame = document.querySelector(arguments[0]);
            return frame.getBoundingClientRect().width / frame.parentElement.getBoundingClientRect().width;"""
        self.assertAlmostEqual(self.run_script(width, frame), 1, places=2)
        self.browser.click(*self.centre(".flame-figure[data-series=per-page] .whole"))
        self.assertLess(self.run_script(width, frame), 0.9)

    def test_the_direct_map_tells_what_a_cell_holds(self):
        self.browser.hover(*self.centre(".map-figure[data-series=freetype] canvas"))
        details = self.run_script("return document.querySelector('.map-figure[data-series=freetype] .flame-details').textContent")
        self.assertRegex(details, r"^0x[0-9a-f]+ to 0x[0-9a-f]+: .*(leaves|no memory)")
        self.assertRegex(self.run_script("return document.querySelector('.map-figure[data-series=freetype] figcaption').textContent"),
                         r"not mapped [1-9]")

    def test_sensitivity_names_what_changes_the_order(self):
        text = self.run_script("return document.querySelector('#sensitivity').textContent")
        self.assertIn("costs.local_map at 2000cyc: none < per-page < freetype", text)
        labels = self.run_script("return Chart.getChart(document.querySelector('#sensitivity canvas[role=img]')).data.labels")
        self.assertEqual(labels, ["costs.local_map (changes the order)", "costs.clear_page"])

    def test_parameters_can_be_searched(self):
        self.run_script("""const input = document.querySelector("#parameters input");
            input.value = "costs.clear_page";
            input.dispatchEvent(new Event("input"));""")
        rows = self.run_script("return [...document.querySelectorAll('#parameters tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
        self.assertEqual([row[0] for row in rows], ["costs.clear_page"])
        self.assertIn("configs/costs/linux-6.12.toml:", rows[0][4])
        self.assertGreater(len(rows[0][5]), 20)

    def test_the_figures_can_be_taken_away(self):
        for name, expected in (("results.csv", self.csv), ("results.jsonl", self.jsonl)):
            self.browser.click(*self.centre(f"#provenance button[data-file='{name}']"))
            file = self.downloads / name
            end = time.monotonic() + 10
            while not (file.exists() and file.stat().st_size == expected.stat().st_size) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(file.read_text(), expected.read_text())
        hashes = self.run_script("return document.querySelector('#provenance').textContent")
        for row in self.rows:
            self.assertIn(row["state_hash"], hashes)

    def test_a_choice_redraws_what_depends_on_it(self):
        first = "return document.querySelector('#flames figcaption').textContent"
        at_four = self.run_script(first)
        self.run_script("""const select = document.querySelector("#flames select");
            select.value = "2";
            select.dispatchEvent(new Event("change"));""")
        self.assertNotEqual(self.run_script(first), at_four)
        self.run_script("""const select = document.querySelector("#controls select");
            select.value = "population";
            select.dispatchEvent(new Event("change"));""")
        self.assertIn("population", self.run_script("return document.querySelector('#answer-table caption').textContent"))
        self.assert_clean(self.page)

    def test_it_fits_a_desktop_a_phone_and_paper(self):
        for name, width, height, phone in (("desktop", 1280, 900, False), ("phone", 390, 844, True)):
            self.browser.set_size(width, height, phone)
            self.open(self.page)
            self.assert_clean(self.page)
            self.assertLessEqual(self.run_script("return document.scrollingElement.scrollWidth"), width, name)
            self.browser.screenshot(OUTPUT / f"report-{name}.png")
        self.browser.set_size(1280, 900)
        self.open(self.page)
        self.browser.print_page(OUTPUT / "report.pdf")
        self.assertGreater((OUTPUT / "report.pdf").stat().st_size, 50_000)

    def test_labels_along_an_axis_do_not_run_into_each_other(self):
        self.browser.set_size(390, 844, phone=True)
        self.open(self.page)
        rows = self.run_script("""const rows = [];
            for (const change of [0.2, 1.2, 5, 30]) {  // of the tornado's largest bar
              data.sensitivity.sections[0].parameters[1].at_high[2] = 200 * (1 + change);
              drawAll();
              for (const chart of Object.values(Chart.instances))
                for (const width of [chart.width, 280, 300, 320, 360, 400, 560, 900]) {
                  chart.resize(width, chart.height);
                  const axis = chart.scales.x, pen = chart.ctx;
                  pen.font = `${Chart.defaults.font.size}px ${Chart.defaults.font.family}`;
                  const labels = axis.ticks.map(({label}, index) => [axis.getPixelForTick(index), pen.measureText(label).width, label]);
                  if (axis.labelRotation === 0) rows.push([chart.canvas.closest("section").id, width, labels.filter(([, , label]) => label !== "")]);
                }
            }
            return rows;""")
        self.assertIn("sensitivity", [section for section, _, _ in rows])
        for section, width, labels in rows:
            self.assertGreaterEqual(len(labels), 2, (section, width))
            for (left, one, _), (right, other, _) in zip(labels, labels[1:]):
                self.assertGreaterEqual(right - other / 2 - left - one / 2, 8, (section, width, labels))

    def test_numbers_of_an_axis_look_alike(self):
        axes = self.run_script("""for (const row of data.rows) for (const metric of Object.values(row.metrics)) metric[0] *= 10000;
            drawAll();
            return Object.values(Chart.instances).flatMap((chart) => Object.values(chart.scales)).map((axis) => axis.ticks.map(({label}) => String(label)));""")
        self.assertTrue(any("10M" in labels for labels in axes), axes)
        for labels in axes:
            self.assertFalse(any("," in label for label in labels) and any(re.search("[0-9][kMGT]$", label) for label in labels), labels)

    def test_one_point_without_axes_has_a_page_too(self):
        file, page = self.folder / "one.json", self.folder / "one.html"
        splinter("run", SOURCE / "configs/experiments/smoke.toml", "--json", file, *sets(SMALL))
        splinter("report", file, "-o", page, "--quiet")
        self.open(page)
        self.assert_clean(page)
        self.assertEqual(self.run_script("return document.querySelectorAll('.flame-figure').length"), 1)

    def test_headings_captions_and_labels_are_there(self):
        problems = self.run_script("""const found = [];
            for (const table of document.querySelectorAll("table")) if (!table.caption || table.caption.textContent === "") found.push("table without caption");
            for (const canvas of document.querySelectorAll("canvas:not([aria-hidden])")) if (!canvas.getAttribute("aria-label")) found.push("canvas without text");
            for (const input of document.querySelectorAll("input, select")) if (!input.closest("label")) found.push("input without label");
            for (const section of document.querySelectorAll("section")) if (!section.querySelector("h2")) found.push("section without heading");
            if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
            return found;""")
        self.assertEqual(problems, [])


def _moved(key, low, high, at_low, at_high, changes):
    return {"key": key, "value": "100cyc", "low": low, "high": high, "confidence": "L", "recorded": True, "at_low": at_low,
            "at_high": at_high, "effect": 1, "order_changes_at_low": False, "order_changes_at_high": changes}


SENSITIVITY = {
    "schema": 2, "program_version": "0.1.0", "figure": "cycles_per_page", "ranked_axis": "flush.strategy", "range_rule": "", "chosen": [],
    "config": {"platform.cores": "4"},
    "unused": [], "without_range": [],
    "sections": [{
        "workload": "secretmem", "phase": "steady", "place": "", "alternatives": ["none", "per-page", "freetype"], "base": [100, 900, 200],
        "parameters": [_moved("costs.clear_page", "50cyc", "200cyc", [90, 890, 190], [110, 910, 210], False),
                       _moved("costs.local_map", "10cyc", "2000cyc", [100, 900, 150], [100, 900, 1200], True),
                       _moved("costs.csd_wait", "10cyc", "20cyc", [100, 800, 200], [100, 990, 200], False)],
        "joint": [{"first": "freetype", "second": "per-page", "first_figure": 1500, "second_figure": 800}],
    }],
}

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
