// The space-time diagram: a lane for each node, a row for each step. Only what is in sight is drawn, so that a run of any
// length opens at once.

const SVG = "http://www.w3.org/2000/svg";
const ROW = 26, HEAD = 30, TIME = 96, ID = 46, SLOT = 18, TEXT = 360;

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const seconds = (nanos) => `${(nanos / 1e9).toFixed(6)}s`;
const CLUSTER_WIDE = new Set(["partition", "cut", "clog"]);

/** A colour class for a kind of message: the same label always has the same. */
function hue(label) {
  let hash = 7;
  for (const c of label) hash = (hash * 31 + c.charCodeAt(0)) >>> 0;
  return `var(--k${hash % 8})`;
}

class Diagram {
  constructor(scroller, spacer, svg, picked) {
    Object.assign(this, { scroller, spacer, svg, picked, view: null, waiting: false });
    const again = () => this.redraw();
    scroller.addEventListener("scroll", again, { passive: true });
    new ResizeObserver(again).observe(scroller);
    svg.addEventListener("click", (event) => {
      const y = event.clientY - svg.getBoundingClientRect().top - HEAD + this.scroller.scrollTop;
      const place = this.view && this.view.rows[Math.floor(y / ROW)];
      if (place !== undefined && y >= this.scroller.scrollTop) this.picked(place);
    });
  }

  /** Shows a view: its picture's steps in `rows`, the one at `step` selected. */
  show(view) {
    this.view = view;
    const { picture, rows } = view;
    this.rowOf = new Map(rows.map((place, row) => [place, row]));
    this.lanes = picture.nodes.map((_, node) => node).filter((node) => view.nodes.has(node));
    this.slots = slots(picture.bands.filter((band) => CLUSTER_WIDE.has(band.kind)), picture.steps.length);
    this.left = TIME + ID + SLOT * (this.slots.count + 1) + 8;
    this.arrows = arrows(picture, this.rowOf);
    this.chain = new Set(picture.chain);
    this.spacer.style.height = `${rows.length * ROW + HEAD + 2 * ROW}px`;
    this.redraw();
  }

  /** Brings a row into sight. */
  reveal(row) {
    const { scrollTop, clientHeight } = this.scroller;
    const top = row * ROW, bottom = top + ROW + HEAD;
    if (top < scrollTop + 2 * ROW || bottom > scrollTop + clientHeight - 2 * ROW) {
      this.scroller.scrollTop = Math.max(0, top - clientHeight / 2 + ROW);
    }
  }

  redraw() {
    if (this.waiting || !this.view) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  paint() {
    const { scroller, svg, view } = this;
    const room = scroller.clientWidth - this.left - TEXT;
    this.lane = Math.max(74, Math.min(150, room / Math.max(1, this.lanes.length)));
    this.width = Math.max(scroller.clientWidth, this.left + this.lane * this.lanes.length + TEXT - 60);
    const height = scroller.clientHeight;
    this.spacer.style.width = `${this.width}px`;
    svg.setAttribute("width", this.width);
    svg.setAttribute("height", height);
    this.top = scroller.scrollTop;
    this.from = Math.max(0, Math.floor(this.top / ROW) - 1);
    this.to = Math.min(view.rows.length - 1, Math.ceil((this.top + height) / ROW));
    svg.replaceChildren(hatch(), ...this.backgrounds(), ...this.bands(), ...this.laneLines(), ...this.links(), ...this.rowsInSight(), ...this.header());
  }

  x(node) { return this.left + this.lane * (this.lanes.indexOf(node) + .5); }
  y(row) { return HEAD + row * ROW + ROW / 2 - this.top; }

  /** The first row at or behind a place among all steps. */
  rowFrom(place) {
    let low = 0, high = this.view.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.view.rows[middle] < place) low = middle + 1; else high = middle;
    }
    return low;
  }

  backgrounds() {
    const found = [];
    for (let row = this.from; row <= this.to; row++) {
      const place = this.view.rows[row];
      const bad = this.view.picture.steps[place].k === "finding";
      if (place !== this.view.step && !bad) continue;
      const kind = place === this.view.step ? "row-select" : "row-bad";
      found.push(draw("rect", { class: kind, x: 1, y: this.y(row) - ROW / 2, width: this.width - 2, height: ROW }));
    }
    return found;
  }

  bands() {
    const shown = [];
    for (const band of this.view.picture.bands) {
      const [from, to] = [this.rowFrom(band.from), this.rowFrom(band.to)];
      if (to < this.from || from > this.to || (from === to && band.to < this.view.picture.steps.length)) continue;
      const top = Math.max(HEAD, this.y(from)), bottom = Math.min(this.scroller.clientHeight, this.y(to));
      if (bottom <= top) continue;
      const slot = this.slots.of.get(band);
      const columns = slot === undefined
        ? band.nodes.filter((node) => this.view.nodes.has(node)).map((node) => [this.x(node) - 11, 22])
        : [[TIME + ID + SLOT * slot + 4, SLOT - 6]];
      for (const [x, width] of columns) {
        shown.push(draw("rect", { class: "band", "data-band": band.kind, x, y: top, width, height: bottom - top, rx: 3,
          fill: `url(#hatch-${slot === undefined ? band.kind : "link"})` }));
        const name = slot === undefined ? { crash: "down", pause: "paused" }[band.kind] || band.kind : band.text;
        if (bottom - top > 44 || slot !== undefined) {
          shown.push(draw("text", { class: "band-text halo", transform: `translate(${x + width / 2 + 4} ${top + 6}) rotate(90)` },
            name.slice(0, Math.max(4, Math.floor((bottom - top) / 7)))));
        }
      }
    }
    return shown;
  }

  laneLines() {
    const bottom = Math.min(this.scroller.clientHeight, this.y(this.view.rows.length));
    return this.lanes.map((node) => draw("line", { class: "lane", x1: this.x(node), x2: this.x(node), y1: HEAD, y2: bottom }));
  }

  links() {
    const { steps } = this.view.picture;
    const shown = [], chains = [];
    for (const arrow of this.arrows) {
      if (arrow.last < this.from || arrow.first > this.to) continue;
      const step = steps[arrow.place];
      const path = this.path(arrow, step);
      if (!path) continue;
      const onChain = this.chain.has(arrow.place) && this.chain.has(step.c);
      if (onChain) chains.push(draw("path", { class: "chain", d: path, "data-chain": step.i }));
      const near = arrow.place === this.view.step || step.c === this.view.step || onChain;
      const timer = ["fire", "stored", "reply"].includes(step.k);
      if (timer && !near) continue;
      const aside = !near && !step.b && this.chain.size > 0;
      shown.push(draw("path", { class: `arrow ${timer ? "timer" : step.k} ${near ? "near" : ""} ${aside ? "aside" : ""}`,
        d: path, stroke: hue(step.l || ""), "data-arrow": step.k }));
      if (!timer) shown.push(this.tip(arrow, step, aside));
    }
    return [...chains, ...shown.filter(Boolean)];
  }

  /** Where an arrow's line runs: from the row of its cause to its own. */
  path({ row, causeRow }, step) {
    const cause = this.view.picture.steps[step.c];
    const sender = step.k === "deliver" ? step.p : cause && cause.n;
    if (sender === undefined || step.n === undefined) return null;
    const sees = (node) => this.view.nodes.has(node);
    if (!sees(step.n) || !sees(sender)) return null;
    const clamp = (y) => Math.max(-4000, Math.min(8000, y));
    const y = clamp(this.y(row)), x = this.x(step.n);
    const fromY = causeRow === undefined ? clamp(y - ROW * .9) : clamp(this.y(causeRow)), fromX = this.x(sender);
    if (step.k === "lost") {
      const toX = sees(step.p) ? this.x(step.p) : fromX + 60;
      return `M${fromX} ${fromY}L${fromX + (toX - fromX) * .72} ${y}`;
    }
    if (step.k === "bounce") {
      const peer = sees(step.p) ? this.x(step.p) : x + 60;
      return `M${fromX} ${fromY}L${peer} ${(fromY + y) / 2}L${x} ${y}`;
    }
    if (fromX === x) {
      const bulge = 16 + Math.min(30, Math.abs(y - fromY) / 12);
      return `M${x} ${fromY}C${x - bulge} ${fromY} ${x - bulge} ${y} ${x} ${y}`;
    }
    return `M${fromX} ${fromY}L${x} ${y}`;
  }

  /** An arrow's head, or the cross of a message that never arrives. */
  tip({ row, causeRow }, step, aside) {
    const y = this.y(row), opacity = aside ? .35 : null;
    if (step.k === "lost") {
      const cause = this.view.picture.steps[step.c];
      const from = this.x(cause ? cause.n : step.n), to = this.view.nodes.has(step.p) ? this.x(step.p) : from + 60;
      const x = from + (to - from) * .72;
      return draw("path", { class: "arrow near", stroke: "var(--bad)", opacity, "data-lost": step.i,
        d: `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x - 5} ${y + 5}L${x + 5} ${y - 5}` });
    }
    const x = this.x(step.n), fromX = step.k === "bounce" ? (this.view.nodes.has(step.p) ? this.x(step.p) : x + 60) : this.x(step.p);
    const fromY = causeRow === undefined ? y - ROW * .9 : this.y(causeRow);
    const angle = Math.atan2(y - (step.k === "bounce" ? (fromY + y) / 2 : fromY), x - fromX) * 180 / Math.PI;
    if (fromX === x) return null;
    return draw("path", { d: "M-5 0L-14 -4.5L-14 4.5Z", transform: `translate(${x} ${y}) rotate(${angle})`, fill: hue(step.l || ""), opacity });
  }

  rowsInSight() {
    const shown = [];
    const { steps } = this.view.picture;
    for (let row = this.from; row <= this.to; row++) {
      const place = this.view.rows[row], step = steps[place], y = this.y(row);
      const before = row > 0 ? steps[this.view.rows[row - 1]] : null;
      const group = draw("g", { class: `row${this.chain.size && !step.b && step.k !== "finding" ? " aside-text" : ""}`, "data-step": step.i });
      if (!before || before.t !== step.t) group.append(draw("text", { class: "when", x: TIME, y: y + 4, "text-anchor": "end" }, seconds(step.t)));
      if (before && step.t - before.t > 5e8) {
        group.append(draw("line", { class: "gap-line", x1: 8, x2: this.width - 8, y1: y - ROW / 2, y2: y - ROW / 2 }),
          draw("text", { class: "gap halo", x: TIME, y: y - ROW / 2 + 3, "text-anchor": "end" }, `+${span(step.t - before.t)}`));
      }
      group.append(draw("text", { class: "id", x: TIME + ID - 2, y: y + 4, "text-anchor": "end" }, step.i));
      this.label(group, step, place, y);
      shown.push(group);
    }
    return shown;
  }

  label(group, step, place, y) {
    if (step.k === "finding") {
      group.append(draw("text", { class: "bad-text halo", x: this.left - 4, y: y + 4 }, `✗ violation: ${step.x}`));
      return;
    }
    if (step.n === undefined) {
      group.append(draw("text", { class: "halo", x: this.left - 4, y: y + 4 }, step.k === "heal" ? `+ ${step.x || "the network heals"}` : `! ${step.x}`));
      return;
    }
    const x = this.x(step.n);
    if (this.chain.has(place)) group.append(draw("circle", { class: "ring", cx: x, cy: y, r: 9.5 }));
    group.append(sign(step, x, y));
    const what = { start: "starts", crash: "✕ crashes", pause: "‖ pauses", resume: "▸ resumes", stored: "stored", lost: `${step.l} lost`, unheard: "unheard" }[step.k]
      || (step.k === "bounce" ? `${step.l} refused` : step.k === "fire" ? `timer ${step.l}` : step.k === "call" ? `asked ${step.l}` : step.k === "reply" ? `answers ${step.l}` : step.l);
    const text = draw("text", { class: "halo", x: x + 13, y: y + 4 }, what);
    const facts = step.f ? step.f.join("; ") : step.k === "lost" ? step.x.slice(step.x.lastIndexOf(": ") + 2) : "";
    const room = Math.floor((this.width - x - 20) / 7.3) - what.length - 3;
    if (facts && room > 4) text.append(draw("tspan", { class: "said" }, `  ${facts.length > room ? `${facts.slice(0, room - 1)}…` : facts}`));
    group.append(text);
  }

  header() {
    const names = this.lanes.map((node) => draw("text", { class: "name", x: this.x(node), y: 20 }, this.view.picture.nodes[node]));
    return [draw("rect", { class: "head", x: 0, y: 0, width: this.width, height: HEAD }),
      draw("line", { class: "head-rule", x1: 0, x2: this.width, y1: HEAD, y2: HEAD }),
      draw("text", { class: "when", x: TIME, y: 20, "text-anchor": "end" }, "time"),
      draw("text", { class: "id", x: TIME + ID - 2, y: 20, "text-anchor": "end" }, "step"), ...names];
  }
}

/** The sign of a step: its form says what sort of thing it is. */
function sign(step, x, y) {
  const stroke = step.l ? hue(step.l) : "var(--ink)", at = `translate(${x} ${y})`;
  const path = (d, fill) => draw("path", { class: "dot", d, transform: at, stroke, fill: fill || "var(--raised)" });
  switch (step.k) {
    case "deliver": return draw("circle", { class: "dot", cx: x, cy: y, r: 4.5, fill: stroke, stroke });
    case "bounce": return path("M-5 0A5 5 0 1 1 5 0A5 5 0 1 1 -5 0M-3 -3L3 3");
    case "fire": return path("M0 -6L6 0L0 6L-6 0Z");
    case "start": return path("M0 -6L6 5L-6 5Z", stroke);
    case "call": return path("M-5 -5H5V5H-5Z", stroke);
    case "reply": return path("M-5 -5H5V5H-5Z");
    case "stored": return path("M-5 -4H5V4H-5ZM-5 0H5");
    case "crash": return draw("path", { class: "ring", d: "M-6 -6L6 6M-6 6L6 -6", transform: at });
    default: return path("M-3 -5V5M3 -5V5");
  }
}

/** Whatever has a cause that shows: messages, timers, writes, answers; with the rows it spans. */
function arrows(picture, rowOf) {
  const found = [];
  picture.steps.forEach((step, place) => {
    const row = rowOf.get(place);
    if (row === undefined || (step.c === undefined && step.k !== "deliver")) return;
    const causeRow = rowOf.get(step.c);
    found.push({ place, row, causeRow, first: Math.min(row, causeRow === undefined ? row - 1 : causeRow), last: row });
  });
  return found;
}

/** Columns for bands that overlap. */
function slots(bands, steps) {
  const ends = [], of = new Map();
  for (const band of bands) {
    let slot = ends.findIndex((end) => end <= band.from);
    if (slot < 0) slot = ends.length;
    ends[slot] = Math.min(band.to, steps);
    of.set(band, slot);
  }
  return { of, count: ends.length };
}

function hatch() {
  const all = draw("defs", {});
  const pattern = (name, lines, size) => {
    const one = draw("pattern", { id: `hatch-${name}`, width: size, height: size, patternUnits: "userSpaceOnUse" });
    one.append(draw("rect", { width: size, height: size, fill: "var(--raised)" }), draw("path", { class: "hatch-line", fill: "none", d: lines }));
    all.append(one);
  };
  pattern("crash", "M0 0L7 7M7 0L0 7", 7);
  pattern("pause", "M2 0V8M6 0V8", 8);
  pattern("link", "M0 6L6 0", 6);
  for (const kind of ["isolate", "slow", "skew", "drift"]) pattern(kind, "M0 0L8 8", 8);
  return all;
}

/** The whole run to scale: how much happens when, which faults last how long, where the violation is. */
function overview(svg, view, picked) {
  const { steps, bands } = view.picture;
  const end = Math.max(1, steps.length ? steps[steps.length - 1].t : 1), BINS = 300;
  const at = (place) => place >= steps.length ? 1000 : 1000 * steps[place].t / end;
  svg.setAttribute("viewBox", "0 0 1000 34");
  const load = new Array(BINS).fill(0);
  for (const step of steps) load[Math.min(BINS - 1, Math.floor(BINS * step.t / end))]++;
  const most = Math.log1p(Math.max(...load));
  const bars = load.map((count, bin) => count && draw("rect", { class: "load", x: bin * 1000 / BINS, width: 900 / BINS,
    y: 34 - 22 * Math.log1p(count) / most, height: 22 * Math.log1p(count) / most }));
  const faults = bands.map((band, index) => draw("rect", { class: "fault", x: at(band.from), y: 2 + index % 3 * 4, height: 3,
    width: Math.max(2, at(band.to) - at(band.from)) }));
  const mark = (kind, place) => draw("line", { class: kind, x1: at(place), x2: at(place), y1: 0, y2: 34 });
  const found = steps.map((step, place) => step.k === "finding" && mark("found", place));
  svg.replaceChildren(...bars.filter(Boolean), ...faults, ...found.filter(Boolean), mark("here", view.step));
  svg.onclick = (event) => {
    const box = svg.getBoundingClientRect(), time = end * (event.clientX - box.left) / box.width;
    const row = view.rows.findIndex((place) => steps[place].t >= time);
    if (view.rows.length) picked(view.rows[row < 0 ? view.rows.length - 1 : row]);
  };
}
