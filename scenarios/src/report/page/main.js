// What the reader sees: which run, which step, which filters. The address says the first two: #run=2&step=31.

const suite = JSON.parse(byId("suite").textContent);
const pictures = new Map();
const view = { run: 0, picture: null, step: 0, rows: [], nodes: new Set(), kind: "", text: "", past: false };
let diagram = null;

/** A run's picture, read when it is first looked at. */
function pictureOf(run) {
  if (!pictures.has(run)) pictures.set(run, JSON.parse(byId(`run-${run}`).textContent));
  return pictures.get(run);
}

const hashOf = (view, place) => `#run=${view.run + 1}&step=${view.picture.steps[place].i}`;

function readHash() {
  const words = new URLSearchParams(location.hash.slice(1));
  const run = words.has("run") ? Number(words.get("run")) - 1 : view.run;
  return { run: suite.runs[run] ? run : 0, step: words.get("step"), speaks: words.has("run") || words.has("step") };
}

function followHash() {
  const { run, step, speaks } = readHash();
  if (run !== view.run || !view.picture) openRun(run);
  const place = view.picture.steps.findIndex((one) => one.i === step);
  if (place >= 0) go(place, false);
  if (speaks) byId("pictures").scrollIntoView();
}

function openRun(run) {
  const about = suite.runs[run];
  Object.assign(view, { run, picture: pictureOf(run), kind: "", text: "", past: false });
  view.nodes = new Set(view.picture.nodes.keys());
  byId("run").value = String(run);
  byId("verdict-line").className = about.property ? "" : "calm";
  byId("verdict-line").replaceChildren(...(about.property
    ? [make("strong", {}, `✗ ${about.property}`), ` does not hold (${about.kind}, seed ${about.seed}): `, about.evidence]
    : [`${about.scenario}, seed ${about.seed}: nothing was found`]));
  byId("commands").replaceChildren(...about.commands.flatMap(([title, command]) => [make("dt", {}, title), make("dd", {}, command)]));
  fillFilters();
  const found = view.picture.chain.length ? view.picture.chain[view.picture.chain.length - 1] : 0;
  view.step = found;
  refresh();
}

function fillFilters() {
  const { nodes, steps } = view.picture;
  const chips = nodes.map((name, node) => make("button", { class: "chip", type: "button", "aria-pressed": "true", click: (event) => {
    if (!view.nodes.delete(node)) view.nodes.add(node);
    event.currentTarget.setAttribute("aria-pressed", String(view.nodes.has(node)));
    refresh();
  } }, name));
  byId("node-filter").replaceChildren(make("legend", {}, "Nodes"), ...chips);
  const options = (title, prefix, values) => make("optgroup", { label: title },
    ...[...values].sort().map((value) => make("option", { value: `${prefix}:${value}` }, value)));
  const labels = (test) => new Set(steps.filter((step) => step.l && test(step.k)).map((step) => step.l));
  const messages = labels((kind) => ["deliver", "lost", "bounce"].includes(kind));
  byId("kind-filter").replaceChildren(make("option", { value: "" }, "any"),
    options("what happens", "k", new Set(steps.map((step) => step.k))), options("messages", "l", messages),
    options("timers, calls, answers", "l", labels((kind) => ["fire", "call", "reply"].includes(kind))));
  byId("text-filter").value = "";
  byId("past-filter").checked = false;
  byId("past-filter").disabled = !view.picture.chain.length;
  byId("go-violation").hidden = !view.picture.chain.length;
  byId("jobs").replaceChildren(...jobs(view.picture).map((job) => make("option", { value: job })));
}

/** Names of jobs and the like: words of facts with a digit that come up more than once, most frequent first. */
function jobs({ steps, nodes }) {
  const counts = new Map();
  for (const step of steps) for (const fact of step.f || []) {
    for (const word of fact.match(/[A-Za-z][\w./-]*\d[\w/-]*(\.\d+)*/g) || []) counts.set(word, (counts.get(word) || 0) + 1);
  }
  return [...counts].filter(([word, count]) => count > 1 && !nodes.includes(word)).sort((one, other) => other[1] - one[1]).slice(0, 40).map(([word]) => word);
}

function matches(step) {
  if (step.k === "finding") return true;
  if (view.past && !step.b) return false;
  if (step.n !== undefined && !view.nodes.has(step.n)) return false;
  if (view.kind && (view.kind[0] === "k" ? step.k : step.l) !== view.kind.slice(2)) return false;
  return !view.text || speaksOf(step, view.text);
}

/** Whether a step speaks of a name: as a whole word where that ends in a digit, so that x-1 is not x-11. */
function speaksOf(step, name) {
  const ends = /\d$/.test(name);
  const text = [step.l || "", step.x || "", ...(step.f || [])].join("\n");
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!ends || !/[\d]/.test(text[at + name.length] || "")) return true;
  }
  return false;
}

function refresh() {
  view.rows = [];
  view.picture.steps.forEach((step, place) => { if (matches(step)) view.rows.push(place); });
  if (!view.rows.includes(view.step)) view.step = view.rows.find((place) => place >= view.step) ?? view.rows[view.rows.length - 1] ?? -1;
  diagram.show(view);
  showStep();
}

function showStep() {
  byId("detail").replaceChildren(...detail(view, go));
  const step = view.picture.steps[view.step];
  byId("viewer").dataset.step = step ? step.i : "";
  overview(byId("overview"), view, go);
  if (step) diagram.reveal(view.rows.indexOf(view.step));
  diagram.redraw();
}

/** Goes to a step, though a filter hides it. */
function go(place, write = true) {
  if (view.picture.steps[place] === undefined) return;
  view.step = place;
  if (!view.rows.includes(place)) {
    Object.assign(view, { kind: "", text: "", past: false, nodes: new Set(view.picture.nodes.keys()) });
    fillFilters();
    refresh();
  } else showStep();
  if (write) history.replaceState(null, "", hashOf(view, place));
}

/** Goes so many rows on. */
function move(by) {
  const row = Math.max(0, Math.min(view.rows.length - 1, view.rows.indexOf(view.step) + by));
  if (view.rows.length) go(view.rows[row]);
}

/** To the next step at the same node. */
function moveHere(by) {
  const node = view.picture.steps[view.step].n;
  for (let row = view.rows.indexOf(view.step) + by; row >= 0 && row < view.rows.length; row += by) {
    if (view.picture.steps[view.rows[row]].n === node) return go(view.rows[row]);
  }
}

function nextRun(by) {
  const run = (view.run + by + suite.runs.length) % suite.runs.length;
  openRun(run);
  history.replaceState(null, "", hashOf(view, view.step));
}

const KEYS = [
  ["j", "ArrowDown", "step on", () => move(1)],
  ["k", "ArrowUp", "step back", () => move(-1)],
  ["Home", null, "first step", () => move(-Infinity)],
  ["End", null, "last step", () => move(Infinity)],
  ["]", null, "next step at this node", () => moveHere(1)],
  ["[", null, "previous step at this node", () => moveHere(-1)],
  ["c", null, "to what caused this step", () => go(view.picture.steps[view.step].c)],
  ["e", null, "to what it led to first", () => go(view.picture.steps.findIndex((step, place) => place > view.step && step.c === view.step))],
  ["v", null, "to the violation", () => view.picture.chain.length && go(view.picture.chain[view.picture.chain.length - 1])],
  ["p", null, "causal past only, or everything", () => byId("past-filter").click()],
  ["/", null, "filter by job or text", () => byId("text-filter").focus()],
  ["n", null, "next run", () => nextRun(1)],
  ["N", null, "previous run", () => nextRun(-1)],
  ["?", null, "this list", () => byId("help").showModal()],
];

function pressed(event) {
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (typing && event.key === "Escape") return event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const arrow = event.key.length > 1;
  if (arrow && !byId("viewer").contains(document.activeElement)) return;
  const key = KEYS.find(([one, other]) => one === event.key || other === event.key);
  if (!key) return;
  event.preventDefault();
  key[3]();
}

function fillHelp() {
  for (const [one, other, about] of KEYS) {
    const shown = [make("kbd", {}, one), other ? " " : null, other ? make("kbd", {}, other) : null];
    byId("keys").append(make("tr", {}, make("td", {}, ...shown), make("td", {}, about)));
  }
  const signs = { deliver: "a message arrives", bounce: "a message comes back refused", fire: "a timer fires", call: "a user asks",
    reply: "a user is answered", stored: "a write is answered", start: "a process starts", crash: "a process dies" };
  for (const [k, about] of Object.entries(signs)) {
    const svg = draw("svg", { width: 24, height: 20 });
    svg.append(sign({ k }, 12, 10));
    byId("signs").append(make("tr", {}, make("td", {}, svg), make("td", {}, about)));
  }
  for (const [shown, about] of [["╌╌ ✕", "a message that never arrives"], ["▨", "hatched: a process is down or paused; beside the steps: a link is cut"],
    ["━━", "broad and ringed: the chain of causes to the violation; pale: not in its past"]]) {
    byId("signs").append(make("tr", {}, make("td", {}, shown), make("td", {}, about)));
  }
}

function listen() {
  byId("run").append(...suite.runs.map((run, index) => make("option", { value: index },
    `${run.scenario} · ${run.property || "nothing found"} · seed ${run.seed}`)));
  byId("run").addEventListener("change", (event) => { openRun(Number(event.target.value)); history.replaceState(null, "", hashOf(view, view.step)); });
  byId("kind-filter").addEventListener("change", (event) => { view.kind = event.target.value; refresh(); });
  byId("text-filter").addEventListener("input", (event) => { view.text = event.target.value.trim(); refresh(); });
  byId("past-filter").addEventListener("change", (event) => { view.past = event.target.checked; refresh(); });
  byId("go-first").addEventListener("click", () => move(-Infinity));
  byId("go-back").addEventListener("click", () => move(-1));
  byId("go-on").addEventListener("click", () => move(1));
  byId("go-violation").addEventListener("click", () => go(view.picture.chain[view.picture.chain.length - 1]));
  byId("help-button").addEventListener("click", () => byId("help").showModal());
  document.addEventListener("keydown", pressed);
  window.addEventListener("hashchange", followHash);
}

showSum(suite);
if (suite.scenarios.length) {
  showVerdicts(suite);
  showCoverage(suite);
} else {
  byId("verdicts").hidden = byId("coverage").hidden = true;
}
fillHelp();
if (suite.runs.length) {
  byId("pictures").hidden = false;
  if (!suite.runs.some((run) => run.property)) byId("pictures-title").textContent = "Pictures";
  diagram = new Diagram(byId("scroller"), byId("spacer"), byId("diagram"), go);
  listen();
  followHash();
}
document.body.dataset.ready = String(Math.round(performance.now()));
