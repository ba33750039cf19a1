// The table of all scores

const STEP = 100;
const COLUMNS = [
  ...Object.keys(names).map((key) => ({ key, title: key, isName: true, show: (row) => nameIn(key, row[key]) + (key === "language" ? seenMark(row) : "") })),
  { key: "value", title: "score", show: (row) => fixed(row.value) },
  { key: "low", title: "interval", show: (row) => reasonOf(row) ?? between(row.low, row.high, fixed) },
  { key: "delta", title: "change", show: changed },
  { key: "delta_low", title: "interval", show: (row) => between(row.delta_low, row.delta_high, signed) },
  { key: "n", title: "n", show: (row) => whole(row.n) },
];
const table = { filters: { language: ALL, metric: ALL, seed: ALL }, sort: null, descending: false, shown: STEP };

function chosenRows() {
  const wanted = Object.entries(table.filters);
  const chosen = rows.filter((row) => wanted.every(([name, at]) => row[name] === at));
  if (table.sort === null) return chosen;
  const { key } = table.sort;
  const sign = table.descending ? -1 : 1;
  return chosen.sort((a, b) => (a[key] == null) - (b[key] == null) || sign * (a[key] - b[key]));
}

function drawTable() {
  const chosen = chosenRows();
  const visible = chosen.slice(0, table.shown);
  drawHead();
  find("#scores tbody").replaceChildren(...visible.map(scoreLine));
  find("#count").textContent = `${whole(chosen.length)} of ${whole(rows.length)} scores` +
    (visible.length < chosen.length ? `, the first ${whole(visible.length)} shown` : "");
  find("#more").hidden = visible.length === chosen.length;
}

const cellOf = (row) => cells.get(cellKey(row.encoder, row.intermediate, row.target));
const reasonOf = (row) => (row.value == null ? cellOf(row).missing : null);

// A column that has the same name in every row says nothing.
const isNeeded = ({ key, isName }) =>
  !isName || key === "intermediate" || (!(key in table.filters) && names[key].length > 1);

function scoreLine(row) {
  const line = make("tr", {}, ...COLUMNS.filter(isNeeded).map(({ key, isName, show }) => {
    const className = isName ? "" : key === "low" && reasonOf(row) ? "number reason" : "number";
    const content = key === "intermediate" ? make("button", { type: "button" }, show(row)) : show(row);
    return make("td", { className }, content);
  }));
  line.addEventListener("click", () => openCell(cellOf(row)));
  return line;
}

function drawHead() {
  find("#scores thead tr").replaceChildren(...COLUMNS.filter(isNeeded).map((column) => {
    const button = make("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      table.descending = table.sort === column ? !table.descending : !column.isName;
      table.sort = column;
      drawTable();
      find('#scores th:not([aria-sort="none"]) button').focus();
    });
    const header = make("th", { scope: "col", className: column.isName ? "" : "number" }, button);
    header.setAttribute("aria-sort", table.sort !== column ? "none" : table.descending ? "descending" : "ascending");
    return header;
  }));
}

const OVER = { language: "mean over languages", seed: `${names.seed[ALL]} over seeds` };

function drawFilters() {
  for (const [key, own] of Object.entries(names)) {
    const options = own.map((_, at) => make("option", { value: at }, (at === ALL && OVER[key]) || nameIn(key, at)));
    const select = make("select", { name: key }, make("option", { value: "" }, "each"), ...options);
    select.value = table.filters[key] ?? "";
    select.addEventListener("change", () => {
      if (select.value === "") delete table.filters[key];
      else table.filters[key] = Number(select.value);
      table.shown = STEP;
      drawTable();
    });
    find("#filters").append(make("label", {}, key, select));
  }
  find("#filters").addEventListener("submit", (event) => event.preventDefault());
  find("#more").addEventListener("click", () => { table.shown += 5 * STEP; drawTable(); });
}
