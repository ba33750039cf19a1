// The heat map

const STRONGEST = 75; // percent of the full colour, on which text is still read well

function drawHeatMap(encoder) {
  const baseline = names.intermediate.indexOf(page.baseline);
  const order = names.intermediate.map((_, at) => at).sort((a, b) => (b === baseline) - (a === baseline));
  const own = [...main_scores.values()].filter((row) => row.encoder === encoder);
  const largest = Math.max(1, ...own.map((row) => Math.abs(row.delta ?? 0)));
  document.querySelectorAll(".legend .end").forEach((end, at) => { end.textContent = signed((2 * at - 1) * largest); });
  const head = make("tr", {}, make("th", { scope: "col" }, "intermediate"),
    ...names.target.map((name) => make("th", { scope: "col", title: name }, labelOf(name))),
    make("th", { scope: "col", className: "mean" }, "mean"));
  const lines = order.map((intermediate) => make("tr", { className: intermediate === baseline ? "baseline" : "" },
    make("th", { scope: "row", title: names.intermediate[intermediate] }, nameIn("intermediate", intermediate)),
    ...names.target.map((_, target) => make("td", {}, heatCell(encoder, intermediate, target, largest))),
    make("td", { className: "mean" }, meanOf(encoder, intermediate))));
  find("#heat").replaceChildren(make("thead", {}, head), make("tbody", {}, ...lines));
  walkWithArrows(lines.map((line) => [...line.querySelectorAll("td:not(.mean)")].map((cell) => cell.firstChild)));
}

// The baseline has its scores; without one, every intermediate has.
const isLevel = (intermediate) => page.baseline === null || names.intermediate[intermediate] === page.baseline;
const shown = (intermediate, value) => (isLevel(intermediate) ? fixed(value) : signed(value));

function meanOf(encoder, intermediate) {
  const mean = page.means[names.encoder[encoder]][names.intermediate[intermediate]];
  if (!mean) return null; // not all targets are evaluated after this intermediate
  const [value, delta] = mean;
  return shown(intermediate, isLevel(intermediate) ? value : delta);
}

function heatCell(encoder, intermediate, target, largest) {
  const key = cellKey(encoder, intermediate, target);
  const row = main_scores.get(key);
  const cell = cells.get(key);
  if (!cell) return null; // not part of the grid
  const value = isLevel(intermediate) ? row?.value : row?.delta;
  const name = `${names.intermediate[intermediate]} → ${names.target[target]}`;
  const reason = value == null ? cell.missing ?? "no score to compare with" : null;
  const button = make("button", { type: "button" }, shown(intermediate, value),
    row?.significant ? make("b", {}, "*") : null);
  button.setAttribute("aria-label", [name, reason ? `missing: ${reason}` : button.textContent].join(", "));
  if (value == null) button.className = "missing";
  else if (!isLevel(intermediate)) {
    const uncertain = row.delta_low <= 0 && row.delta_high >= 0;
    button.className = uncertain ? "uncertain" : value < 0 ? "loss" : "gain";
    button.style.setProperty("--share", `${((STRONGEST * Math.abs(value)) / largest).toFixed(1)}%`);
  }
  explain(button, () => [name, ...(reason ? [`missing: ${reason}`] : []), ...numbersOf(row)]);
  button.addEventListener("click", () => openCell(cell));
  return button;
}

// One tab stop for a table of buttons; arrows, Home and End go from one to the next.
const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity],
};

const clamp = (value, length) => Math.max(0, Math.min(length - 1, value));

// The first button from a place on, in the direction of a step, or backwards from the end of a line.
function nextOf(grid, y, x, [down, right]) {
  const [dy, dx] = Number.isFinite(right) ? [down, right] : [0, -Math.sign(right)];
  while (grid[y]?.[x] === null) [y, x] = [y + dy, x + dx];
  return grid[y]?.[x];
}

function walkWithArrows(grid) {
  const buttons = grid.flat().filter((button) => button);
  grid.forEach((line, y) => line.forEach((button, x) => {
    if (!button) return;
    button.tabIndex = button === buttons[0] ? 0 : -1;
    button.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const next = nextOf(grid, clamp(y + step[0], grid.length), clamp(x + step[1], line.length), step) ?? button;
      button.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }));
}
