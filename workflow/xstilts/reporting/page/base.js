// Everything from the data becomes text (textContent, append of strings), never markup.
const page = JSON.parse(document.getElementById("data").textContent);
const { names } = page;
const ALL = 0; // the first language, metric and seed stand for all languages, the main_score and all seeds
const MISSING = "—";
const CELL = ["encoder", "intermediate", "target"];

const find = (selector) => document.querySelector(selector);

function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...content.filter((part) => part != null));
  return element;
}

const rows = page.rows.value.map((_, at) =>
  Object.fromEntries(Object.entries(page.rows).map(([name, column]) => [name, column[at]])));

// Numbers

// As in the tables, a tie goes to the even digit.
const tenths = (value) => (Math.abs(value * 4) % 2 === 1 ? (2 * Math.round(value * 5)) / 10 : value).toFixed(1);
const fixed = (value) => (value == null ? MISSING : tenths(value));

function signed(value) {
  if (value == null) return MISSING;
  const size = tenths(Math.abs(value));
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
}

const changed = (row) => (row.delta == null ? "" : signed(row.delta) + (row.significant ? "*" : ""));
const whole = (value) => (value == null ? MISSING : value.toLocaleString("en"));
const between = (low, high, show) => (low == null ? "" : `${show(low)} to ${show(high)}`);
const probability = (p) => (p == null ? "" : p < 0.001 ? "< .001" : p.toFixed(3).replace(/^0/, ""));

function duration(seconds) {
  if (seconds == null) return "not recorded";
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function languageName(at) {
  const code = names.language[at];
  return at === ALL ? "mean" : `${page.languages[code]} (${code})`;
}

const labelOf = (name) => page.labels[name] ?? String(name);
// Languages with labelled training data for the target
const SEEN = "°";
const isSeen = (row) =>
  page.seen[`${names.intermediate[row.intermediate]} ${names.target[row.target]}`]?.includes(names.language[row.language]);
const seenMark = (row) => (isSeen(row) ? SEEN : "");
const nameIn = (column, at) => (column === "language" ? languageName(at) : labelOf(names[column][at]));

// What the pointer or the focus is on

const tip = find("#tip");

function explain(element, lines) {
  const show = () => {
    tip.replaceChildren(...lines().map((line) => make("span", {}, line)));
    tip.hidden = false;
    const box = element.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below ? box.bottom + 6 : box.top - 6 - tip.offsetHeight}px`;
  };
  const hide = () => { tip.hidden = true; };
  for (const event of ["mouseenter", "focus"]) element.addEventListener(event, show);
  for (const event of ["mouseleave", "blur", "click"]) element.addEventListener(event, hide);
}

function numbersOf(row) {
  if (!row) return [];
  const lines = [`score ${fixed(row.value)}`];
  if (row.low != null) lines.push(`interval ${between(row.low, row.high, fixed)}`);
  if (row.delta != null) {
    lines.push(`change over ${page.baseline} ${signed(row.delta)}`);
    if (row.delta_low != null) lines.push(`interval ${between(row.delta_low, row.delta_high, signed)}`);
    if (row.p_adjusted != null) lines.push(`corrected p ${probability(row.p_adjusted)}`);
  }
  lines.push(`n ${whole(row.n)}, ${row.seeds === 1 ? "1 model" : `${whole(row.seeds)} models`}`);
  return lines;
}

// Cells: an encoder, an intermediate and a target

const cellKey = (encoder, intermediate, target) => [encoder, intermediate, target].join(" ");
const cells = new Map(page.cells.map((cell) => [
  cellKey(...CELL.map((name) => names[name].indexOf(cell[name]))), cell]));
const main_scores = new Map(rows
  .filter((row) => row.language === ALL && row.metric === ALL && row.seed === ALL)
  .map((row) => [cellKey(row.encoder, row.intermediate, row.target), row]));
