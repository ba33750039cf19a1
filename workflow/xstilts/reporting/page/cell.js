// The dialog of a cell: its languages, predictions, settings, runs and data

const dialog = find("#cell");

function openCell(cell) {
  const own = rows.filter((row) => CELL.every((name) => names[name][row[name]] === cell[name]));
  const runs = cell.runs.map((run) => ({ seed: run.seed, ...trace(run.scores) }));
  find("#cell-title").textContent = `${cell.intermediate} → ${cell.target}`;
  find("#cell > div").replaceChildren(
    make("p", { className: "kicker" }, `${cell.encoder} · ${cell.split}`),
    cell.missing ? make("p", { className: "notice" }, `Missing: ${cell.missing}.`) : "",
    section("Languages", zeroShot(cell), languagesTable(own)),
    section("Predictions", ...predictions(cell)),
    section("Settings", settingsTable(runs[0])),
    section("Runs", runsTable(runs)),
    section("Data", ...dataOf(runs[0]).map(dataFiles)),
  );
  if (!dialog.open) dialog.showModal();
  find("#cell > div").scrollTop = 0;
}

find("#close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

const section = (title, ...content) => make("section", {}, make("h3", {}, title), ...content);

// A table of texts; `numeric` says from which column on they are numbers.
function plainTable(head, lines, numeric = Infinity) {
  const cellOf = (tag) => (content, at) => make(tag, at >= numeric ? { className: "number" } : {}, content);
  return make("div", { className: "wide", tabIndex: 0 }, make("table", {},
    make("thead", {}, make("tr", {}, ...head.map(cellOf("th")))),
    make("tbody", {}, ...lines.map((line) => make("tr", {}, ...line.map(cellOf("td")))))));
}

// The mean over the languages without labelled training data, if there are such data in other languages than English
function zeroShot(cell) {
  const found = page.zero_shot[cell.encoder]?.[`${cell.intermediate} ${cell.target}`];
  if (!found) return null;
  const [value, delta] = found;
  const change = delta == null ? "" : `, change over ${page.baseline} ${signed(delta)} in languages that neither has seen`;
  return make("p", { className: "note" }, `Zero-shot mean ${fixed(value)}${change}. ${SEEN}: labelled training data of ` +
    "the task, or of a task of its kind, in this language; not in the zero-shot mean.");
}

function languagesTable(own) {
  const metrics = names.metric.map((_, at) => at).filter((at) => own.some((row) => row.metric === at));
  const seeds = names.seed.slice(1);
  const value = (language, metric, seed) =>
    own.find((row) => row.language === language && row.metric === metric && row.seed === seed);
  const head = ["language", "score", "interval", "change", "interval", "corrected p", "n",
    ...metrics.slice(1).map((at) => names.metric[at]), ...seeds.map((seed) => `seed ${seed}`)];
  const lines = own.filter((row) => row.metric === ALL && row.seed === ALL).map((row) => [
    languageName(row.language) + seenMark(row), fixed(row.value), between(row.low, row.high, fixed), changed(row),
    between(row.delta_low, row.delta_high, signed), probability(row.p_adjusted), whole(row.n),
    ...metrics.slice(1).map((metric) => fixed(value(row.language, metric, ALL)?.value)),
    ...seeds.map((_, at) => fixed(value(row.language, ALL, at + 1)?.value)),
  ]);
  return plainTable(head, lines, 1);
}

// Entries: what a score was made from

function trace(scores) {
  const from = page.entries[scores].from;
  const predicted = page.entries[from.predictions];
  const models = [];
  for (let model = page.entries[predicted.from.model]; model; model = page.entries[model.from.parent]) {
    models.unshift(model);
  }
  return { models, predicted, scored: page.entries[scores], features: page.entries[predicted.from.features] };
}

const nameOf = (entry) => entry.path.split("/").filter((part) => part.includes("~")).at(-1);
const text = (value) => (Array.isArray(value) ? value.join(", ") : String(value));

function settingsTable({ models, predicted, features }) {
  const title = (entry) => `${titles[entry.step]} ${nameOf(entry).split("~")[0]}`;
  const steps = [...models, features, predicted].map((entry) => [title(entry), entry.settings]);
  const keys = [...new Set(steps.flatMap(([, settings]) => Object.keys(settings)))];
  return plainTable(["setting", ...steps.map(([title]) => title)],
    keys.map((key) => [key, ...steps.map(([, settings]) => (key in settings ? text(settings[key]) : ""))]));
}

const titles = { train_stage: "train", encode_task: "encode", predict: "predict", score: "score" };

function runsTable(runs) {
  const lines = runs.flatMap(({ seed, models, predicted, scored }) => [...models, predicted, scored].map((entry) => [
    String(seed), titles[entry.step], entry.seconds == null ? "" : duration(entry.seconds), entry.device ?? "", entry.precision ?? "",
    Object.entries(entry.libraries).map((pair) => pair.join(" ")).join(", "),
    make("div", {}, ...Object.entries(entry.code).map((pair) => make("code", { className: "code" }, pair.join(" ")))),
    make("code", { className: "path" }, entry.path),
  ]));
  return plainTable(["seed", "step", "wall time", "device", "precision", "versions", "code", "result"], lines);
}

function dataOf({ models, scored }) {
  const sources = models.flatMap((model) => Object.entries(model.from));
  const training = sources.filter(([role]) => role.startsWith("data.")).map(([, at]) => at);
  return [...new Set([...training, scored.from.data])].map((at) => page.entries[at]);
}

function remarks(file) {
  const without = Object.entries(file.left_out).map(([reason, count]) => `left out ${whole(count)} ${reason}`);
  const said = [...(file.warning ? [file.warning] : []), ...without];
  return said.length ? ` (${said.join("; ")})` : "";
}

function dataFiles(entry) {
  const total = entry.files.reduce((sum, file) => sum + file.rows, 0);
  const lines = entry.files.map((file) => [
    file.name, whole(file.rows), file.read_from.join(", ") + remarks(file),
    make("code", {}, file.sha256)]);
  return make("details", {}, make("summary", {}, make("code", {}, entry.path), `: ${whole(total)} rows`),
    plainTable(["split and language", "rows", "read from", "sha256"], lines));
}

// Predictions

function predictions(cell) {
  if (!cell.samples.length) return [make("p", {}, "There are no gold labels to compare predictions with.")];
  const list = make("div", { className: "predictions" });
  const choices = { all: () => true, right: (one) => one.right, wrong: (one) => !one.right };
  const show = (choice) => list.replaceChildren(...cell.samples.filter(choices[choice]).map(prediction));
  const radios = Object.keys(choices).map((choice) => {
    const count = cell.samples.filter(choices[choice]).length;
    const radio = make("input", { type: "radio", name: "shown", checked: choice === "all" });
    radio.addEventListener("change", () => show(choice));
    return make("label", {}, radio, `${choice} (${count})`);
  });
  show("all");
  const { seed, length } = page.sampling;
  const note = `${cell.samples.length} predictions with seed ${seed}, drawn at random, half of them right and half ` +
    `wrong as far as there are such; texts are cut at ${length} characters.`;
  return [make("p", { className: "note" }, note), make("fieldset", {}, make("legend", {}, "Show"), ...radios), list];
}

function prediction(one) {
  const lang = { lang: one.language, dir: "auto" };
  const pairs = [...one.texts.map(([label, value]) => [label, value]),
    ["gold", marked(one.gold, one.predicted)], ["predicted", marked(one.predicted, one.gold)]];
  return make("article", { className: one.right ? "right" : "wrong" },
    make("h4", {}, one.right ? "✓ right" : "✗ wrong", make("span", {}, `${page.languages[one.language]} · ${one.id}`)),
    make("dl", {}, ...pairs.map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", lang, value)))));
}

// Of tagged words, those that differ stand out.
function marked(words, others) {
  if (!Array.isArray(words)) return words;
  return make("span", {}, ...words.flatMap((word, at) => [word === others[at] ? word : make("mark", {}, word), " "]));
}
