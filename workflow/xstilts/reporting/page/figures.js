// The figures: Vega-Lite, drawn when they come into view

const figuresOf = (encoder) => page.figures.filter((figure) => figure.encoder === names.encoder[encoder]);
let drawn = [];

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

async function drawFigure(place, figure) {
  const spec = { ...figure.spec, config: { ...page.themes[isDark() ? "dark" : "light"], background: "transparent" } };
  // `ast` interprets expressions, where the page's security policy forbids to compile them.
  const tooltip = { disableDefaultStyle: true };
  const options = { actions: false, ast: true, defaultStyle: false, mode: "vega-lite", renderer: "svg", tooltip };
  try {
    drawn.push(await window.vegaEmbed(place, spec, options));
  } catch (error) {
    place.replaceChildren(make("p", { className: "notice" }, `This figure cannot be drawn: ${error.message}`));
    console.error(error);
  }
}

const whenSeen = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (isIntersecting) {
      whenSeen.unobserve(target);
      drawFigure(target, page.figures[target.dataset.figure]);
    }
  }
}, { rootMargin: "200px" });

function drawFigures(encoder) {
  drawn.forEach((view) => view.finalize());
  drawn = [];
  whenSeen.disconnect();
  find("#figures > div").replaceChildren(...figuresOf(encoder).map((figure) => {
    const place = make("div", { tabIndex: 0 });
    place.dataset.figure = page.figures.indexOf(figure);
    whenSeen.observe(place);
    return make("figure", { className: "wide" }, place);
  }));
}

// The choice of the encoder and of light or dark, and the first drawing

let encoder = 0;

function drawEncoder() {
  drawHeatMap(encoder);
  drawFigures(encoder);
}

function nameTheme() {
  find("#theme").textContent = isDark() ? "Light" : "Dark";
}

find("#theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
  drawFigures(encoder);
});

find("#encoders select").append(...names.encoder.map((name, at) => make("option", { value: at }, name)));
find("#encoders").hidden = names.encoder.length === 1;
find("#encoders select").addEventListener("change", (event) => {
  encoder = Number(event.target.value);
  drawEncoder();
});

nameTheme();
drawFilters();
drawTable();
drawHeatMap(encoder);
addEventListener("load", () => drawFigures(encoder));
