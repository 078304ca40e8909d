// One step in words: what happened, what caused it, what it led to, and what it changed at its node.

/** How many changes are shown at once where there are many. */
const SHOWN = 12;

function detail(view, go) {
  const { picture } = view;
  const step = picture.steps[view.step];
  if (!step) return [make("p", {}, "Nothing matches the filter.")];
  const name = (node) => picture.nodes[node];
  const parts = [make("h3", {}, `Step ${step.i}`, step.n === undefined ? "" : ` · ${name(step.n)}`, ` · ${seconds(step.t)}`)];
  const markers = [];
  if (step.k === "finding") markers.push(make("span", { class: "marker bad" }, "✗ the violation"));
  else if (picture.chain.includes(view.step)) markers.push(make("span", { class: "marker bad" }, "on the chain to the violation"));
  else if (picture.chain.length) markers.push(make("span", { class: "marker" }, step.b ? "in the violation's past" : "not in the violation's past"));
  for (const band of picture.bands) {
    if (band.from <= view.step && view.step < band.to) markers.push(make("span", { class: "marker" }, bandName(band, name)));
  }
  parts.push(make("div", {}, ...markers), make("p", {}, make("strong", {}, sentence(step, name))));
  if (step.x) parts.push(make("p", { class: "text" }, step.x));
  if (step.f) parts.push(make("h3", {}, "States"), make("ul", { class: "facts" }, ...step.f.map((fact) => make("li", {}, fact))));
  if (step.d) parts.push(make("h3", {}, `Changes at ${name(step.n)}`), differences(step.d));
  parts.push(...causes(view, go));
  if (step.n !== undefined) parts.push(whole(view, step));
  return parts;
}

function bandName(band, name) {
  if (band.kind === "crash" || band.kind === "pause") return `${name(band.nodes[0])} is ${band.kind === "crash" ? "down" : "paused"}`;
  return band.text;
}

/** A step as a sentence. */
function sentence(step, name) {
  const who = step.n === undefined ? "" : name(step.n), peer = step.p === undefined ? "" : name(step.p);
  switch (step.k) {
    case "deliver": return `${who} gets ${step.l} from ${peer}`;
    case "bounce": return `${step.l} of ${who} comes back: ${peer} is down`;
    case "lost": return `${step.l} from ${who} to ${peer} is lost`;
    case "fire": return `timer ${step.l} of ${who} fires`;
    case "call": return `a user asks ${who} for ${step.l}`;
    case "reply": return `${who} answers ${step.l}`;
    case "stored": return `a write of ${who} is answered`;
    case "start": return `${who} starts`;
    case "unheard": return `a call finds ${who} down`;
    case "finding": return "A property does not hold";
    case "fault": return `Fault: ${step.x}`;
    case "heal": return step.x ? `Set right: ${step.x}` : "The network heals";
    default: return `${who} ${step.k}s`;
  }
}

/** What changed, value by value: a sign, where, what was and what is. */
function differences(changes) {
  if (changes.length > 2 * SHOWN) {
    const rest = make("details", {}, make("summary", {}, `and ${changes.length - SHOWN} more`), differenceTable(changes.slice(SHOWN)));
    return make("div", {}, differenceTable(changes.slice(0, SHOWN)), rest);
  }
  return differenceTable(changes);
}

function differenceTable(changes) {
  const rows = changes.map(([path, was, now]) => {
    const sign = was === null ? "+" : now === null ? "−" : "~";
    const values = [was === null ? null : make("del", {}, was), was !== null && now !== null ? " → " : null, now === null ? null : make("ins", {}, now)];
    return make("tr", {}, make("td", { class: "sign" }, sign), make("td", {}, make("span", { class: "path" }, path), ...values));
  });
  return make("table", { class: "diff" }, make("tbody", {}, ...rows));
}

/** Where a step comes from, cause by cause, and what it led to. */
function causes(view, go) {
  const { steps, nodes } = view.picture;
  const link = (place) => make("a", { href: hashOf(view, place), click: (event) => { event.preventDefault(); go(place); } },
    `${steps[place].i}  ${sentence(steps[place], (node) => nodes[node])}`);
  const item = (place) => make("li", {}, link(place));
  const back = [];
  for (let place = steps[view.step].c; place !== undefined && back.length < 12; place = steps[place].c) back.push(item(place));
  const led = [];
  for (let place = view.step + 1; place < steps.length && led.length < 12; place++) if (steps[place].c === view.step) led.push(item(place));
  const list = (title, items) => items.length ? [make("h3", {}, title), make("ul", { class: "causes" }, ...items)] : [];
  return [...list(steps[view.step].k === "finding" ? "Found after" : "Caused by", back), ...list("Led to", led)];
}

/** Everything the node remembers and keeps after the step, put together from all changes so far. */
function whole(view, step) {
  const box = make("details", {}, make("summary", {}, `The whole state of ${view.picture.nodes[step.n]}`));
  box.addEventListener("toggle", () => {
    if (!box.open || box.children.length > 1) return;
    const values = new Map();
    for (const earlier of view.picture.steps.slice(0, view.step + 1)) {
      if (earlier.n !== step.n || !earlier.d) continue;
      for (const [path, , now] of earlier.d) if (now === null) values.delete(path); else values.set(path, now);
    }
    const lines = [...values].sort((one, other) => one[0] < other[0] ? -1 : 1).map(([path, value]) => `${path} = ${value}`);
    box.append(make("p", { class: "text" }, lines.join("\n") || "nothing"));
  });
  return box;
}
