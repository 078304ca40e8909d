// What the suite came to: the verdict of every scenario, and which marks of the code under test were reached.

const SIGNS = { pass: "✓", fail: "✗", error: "✗", vacuous: "∅", incomplete: "…" };

/** Makes an element; attributes that are functions listen. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
const plural = (count, word) => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;

/** Virtual time for people: 12.5 s, 40 m 00 s, 12 h 05 m. */
function span(nanos) {
  const seconds = Math.floor(nanos / 1e9);
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 120) return `${(nanos / 1e9).toFixed(1)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} m`;
}

function verdictWord(verdict) {
  return make("span", { class: `verdict ${verdict}` }, `${SIGNS[verdict] || "?"} ${verdict}`);
}

function showSum(suite) {
  byId("suite-name").textContent = `· ${suite.suite}`;
  const counts = {};
  for (const { result } of suite.scenarios) counts[result.verdict] = (counts[result.verdict] || 0) + 1;
  const runs = suite.scenarios.reduce((sum, { result }) => sum + result.runs, 0);
  const policies = Object.entries(suite.policies).map(([name, choice]) => `${name}=${choice}`);
  const parts = suite.scenarios.length ? [`${plural(suite.scenarios.length, "scenario")}, ${plural(runs, "run")}: `] : [];
  for (const verdict of Object.keys(counts).sort()) parts.push(`${grouped(counts[verdict])} `, verdictWord(verdict), "  ");
  parts.push(`${parts.length ? "· " : ""}profile ${[suite.profile, ...policies].join(", ")} · quiesce ${suite.quiesce}`);
  if (suite.interrupted) parts.push(" · interrupted: only what was run until then");
  byId("sum").append(...parts);
  const link = (id, text) => make("a", { href: `#${id}` }, text);
  if (suite.runs.length) byId("sections").append(link("pictures", suite.runs.length === 1 ? "Picture" : "Pictures"));
  if (suite.scenarios.length) byId("sections").append(link("verdicts", "Verdicts"), link("coverage", "Coverage"));
}

function showVerdicts(suite) {
  const number = (text) => make("td", { class: "number" }, text);
  const heads = ["Scenario", "Verdict", "Seeds", "Events", "Virtual time"].map((title, column) =>
    make("th", { scope: "col", class: column > 1 ? "number" : null }, title));
  byId("verdict-table").tHead.append(make("tr", {}, ...heads));
  const rank = ["error", "fail", "incomplete", "vacuous", "pass"];
  const order = [...suite.scenarios].sort((one, other) =>
    rank.indexOf(one.result.verdict) - rank.indexOf(other.result.verdict));
  for (const { about, result } of order) {
    const name = make("td", {}, make("strong", {}, result.scenario), make("span", { class: "about" }, about));
    const ran = result.runs === result.seeds.count ? grouped(result.runs) : `${grouped(result.runs)} of ${grouped(result.seeds.count)}`;
    const seeds = result.failing_seeds ? `${grouped(result.failing_seeds)} of ${grouped(result.runs)} fail` : ran;
    byId("verdict-table").tBodies[0].append(make("tr", { "data-verdict": result.verdict }, name,
      make("td", {}, verdictWord(result.verdict), ...reasons(suite, result), faults(result)),
      number(seeds), number(grouped(result.events)), number(span(result.virtual_ns))));
  }
  byId("only-open").addEventListener("change", (event) => {
    for (const row of byId("verdict-table").tBodies[0].rows) row.hidden = event.target.checked && row.dataset.verdict === "pass";
  });
}

/** Why a scenario is not green, with a link to the picture of each failure. */
function reasons(suite, result) {
  const lines = result.reasons.map((reason) => make("span", { class: "why" }, reason));
  for (const failure of result.failures) {
    const run = suite.runs.findIndex((run) =>
      run.scenario === result.scenario && run.seed === failure.seed && run.property === failure.property);
    const name = run < 0 ? failure.property : make("a", { href: `#run=${run + 1}` }, failure.property);
    lines.push(make("span", { class: "why" }, name, ` (${failure.kind}), ${plural(failure.seeds, "seed")}: ${failure.evidence}`));
  }
  for (const seed of result.unequal_seeds) lines.push(make("span", { class: "why" }, `seed ${seed}: two runs differ`));
  return lines;
}

/** What each fault did. */
function faults(result) {
  if (!result.faults.length) return null;
  const rows = result.faults.map((fault) => make("tr", {}, make("td", {}, `${fault.kind} ${fault.site}`),
    ...[fault.planned, fault.applied, fault.affected].map((count) => make("td", { class: "number" }, grouped(count)))));
  const titles = ["fault", "planned", "applied", "affected"].map((title, column) =>
    make("th", { scope: "col", class: column ? "number" : null }, title));
  return make("details", {}, make("summary", {}, plural(result.faults.length, "fault")),
    make("table", {}, make("thead", {}, make("tr", {}, ...titles)), make("tbody", {}, ...rows)));
}

function showCoverage(suite) {
  const marks = Object.entries(suite.marks);
  const missed = marks.filter(([, count]) => count === 0);
  byId("coverage-sum").textContent = marks.length
    ? `${marks.length - missed.length} of ${plural(marks.length, "mark")} in the code under test reached by this suite` +
      (missed.length ? `; ${missed.length} never.` : ".")
    : "This plane's code has no marks.";
  if (!marks.length) return;
  byId("coverage-table").tHead.append(make("tr", {}, make("th", { scope: "col" }, "Mark"),
    make("th", { scope: "col" }, ""), make("th", { scope: "col", class: "number" }, "Times reached"), make("th", {}, "")));
  const most = Math.log1p(Math.max(...marks.map(([, count]) => count), 1));
  for (const [mark, count] of marks.sort((one, other) => one[1] - other[1])) {
    const bar = make("span", { class: "bar", style: `width:${Math.round(180 * Math.log1p(count) / most)}px` });
    byId("coverage-table").tBodies[0].append(make("tr", {}, make("td", { class: "mono" }, mark),
      make("td", {}, count ? make("span", { class: "verdict pass" }, "✓ reached") : make("span", { class: "verdict fail" }, "✗ never")),
      make("td", { class: "number" }, grouped(count)), make("td", {}, count ? bar : "")));
  }
}
