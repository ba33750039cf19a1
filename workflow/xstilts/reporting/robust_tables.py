"""Tables of robustness: perturbed text, text out of domain, and objectives."""

import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting import drops, gains
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.marks import MISSING, SIGNIFICANT
from xstilts.reporting.tables import text
from xstilts.robustness import OBJECTIVES, OUT_OF_DOMAIN, PERTURBATIONS, ROBUSTNESS

NOT_OFFICIAL = (
    "Perturbed, mixed, out-of-domain and otherwise-trained targets are in no official mean and in no submission."
)

NO_PLAIN = "none in the grid"
"""Represents the plain training that an objective has nothing to be compared with."""


def tables(results: Results, encoder: str) -> list[Table]:
    """The tables of the arms that a grid has."""
    made = {
        ROBUSTNESS: robustness,
        OUT_OF_DOMAIN: out_of_domain,
        OBJECTIVES: objectives,
        PERTURBATIONS: perturbations,
    }
    return [made[name](results, encoder) for name in results.robustness.tables]


def robustness(results: Results, encoder: str) -> Table:
    """Clean and perturbed scores of each target after each intermediate, with what the perturbation costs."""
    numbers = drops.drops(results, encoder)
    groups = {name: f"drop {name}" for name in results.robustness.groups}
    numbers = numbers.rename(columns={f"drop_{name}": title for name, title in groups.items()})
    known = {(one.clean or one.target, one.perturbation): one for one in results.robustness.perturbed}
    rows = []
    for row in numbers.to_dict("records"):
        one = known[row["target"], row["perturbation"]]
        has = {name: bool(drops.unseen(results, one, row["intermediate"], name)) for name in groups}
        rows.append(
            {
                **{name: row[name] for name in ("intermediate", "target", "perturbation")},
                **{name: text(row[name], delta=False) for name in ("clean", "perturbed", "drop")},
                "interval": _interval(row["low"], row["high"], delta=False),
                "relative": MISSING if pd.isna(row["relative"]) else f"{row['relative']:.3f}",
                "worst clean": _of_language(row["worst_clean"], row["worst_clean_language"]),
                "worst perturbed": _of_language(row["worst"], row["worst_language"]),
                **{title: text(row[title], delta=False) if has[name] else "" for name, title in groups.items()},
                "languages": f"{row['languages']} of {row['all_languages']}",
                "examples": str(row["n"]),
                "seeds": str(row["seeds"]),
            }
        )
    return Table(
        ROBUSTNESS,
        f"Scores on clean and perturbed text of the same models, {results.over_seeds} over seeds of the mean over the "
        "languages in which both are evaluated. Drop: clean - perturbed in points, with its 95 % interval; relative: "
        "perturbed / clean; worst: the language with the lowest score. "
        f"{_groups(results)} {NOT_OFFICIAL}",
        numbers.set_index("intermediate"),
        pd.DataFrame(rows).set_index("intermediate"),
    )


def out_of_domain(results: Results, encoder: str) -> Table:
    """The scores of each target out of domain after each intermediate, beside those of the target in domain."""
    known = results.by_target(encoder).set_index(["intermediate", "target"])
    rows, texts = [], []
    for one in results.robustness.out_of_domain:
        for name in results.after(one.target):
            row = {"intermediate": name, "target": one.target, "in domain": one.in_domain}
            shown = row | {"in domain": one.in_domain or MISSING}
            for place, target in (("", one.target), ("in-domain ", one.in_domain)):
                cell = known.loc[name, target] if (name, target) in known.index else {}
                score, change = (cell.get(key, drops.NAN) for key in ("value", "delta"))
                row |= {f"{place}score": score, f"{place}change": change}
                mark = SIGNIFICANT * bool(cell.get("significant", False))
                is_change = results.has_baseline and name != NO_INTERMEDIATE
                shown[f"{place}score"] = text(score, delta=False)
                shown[f"{place}change"] = text(change, delta=True) + mark if is_change else ""
            rows.append(row)
            texts.append(shown)
    caption = (
        "Targets out of domain: evaluated on their own test data after the training for another task, beside the "
        f"target of that task; {results.over_seeds} over seeds. Change: over the baseline with the same target. "
        f"{SIGNIFICANT}: differs from the baseline, Holm-corrected p < 0.05 and 95 % interval without 0. {NOT_OFFICIAL}"
    )
    numbers, shown = (pd.DataFrame(one).set_index("intermediate") for one in (rows, texts))
    return Table(OUT_OF_DOMAIN, caption, numbers, shown)


def objectives(results: Results, encoder: str) -> Table:
    """What each objective gains over plain training with equal steps and with equal passes."""
    numbers = gains.gains(results, encoder)
    rows: dict[tuple, dict[str, str]] = {}
    for row in numbers.to_dict("records"):
        key = tuple(row[name] for name in gains.KEYS)
        mark = SIGNIFICANT * row["significant"]
        interval = "" if pd.isna(row["low"]) else f" ({_interval(row['low'], row['high'], delta=True)})"
        rows.setdefault(key, {})[row["text"]] = text(row["gain"], delta=True) + mark + interval
    shown = pd.DataFrame(
        [{**dict(zip(gains.KEYS, key, strict=True)), **texts} for key, texts in rows.items()],
        columns=[*gains.KEYS, *gains.texts(results)],
    )
    shown = shown.assign(plain=shown["plain"].replace("", NO_PLAIN))
    caption = (
        "Gain of training with an objective over plain training with otherwise the same recipes, in points with its "
        f"95 % interval; {results.over_seeds} over seeds. Equal steps: as many optimiser steps; equal passes: as many "
        "forward and backward passes over a batch, in more steps; a training that early stopping ended had fewer. The "
        f"same target on clean text, on perturbed text, and out of domain. {SIGNIFICANT}: Holm-corrected p < 0.05 over "
        f"this table and 95 % interval without 0. {NOT_OFFICIAL}"
    )
    return Table(OBJECTIVES, caption, numbers.set_index("intermediate"), shown.fillna("").set_index("intermediate"))


def perturbations(results: Results, encoder: str) -> Table:
    """How much of the text of each language a perturbation has changed."""
    own = results.changed_tokens[results.changed_tokens["encoder"] == encoder].drop(columns="encoder")
    changed = results.changed.merge(own, how="left", on=["target", "perturbation", "language"])
    shares = {
        "changed rows": 100 * changed["changed_rows"] / changed["rows"],
        "edits in 100 words": 100 * changed["edits"] / changed["words"],
        "changed characters": 100 * changed["changed_clusters"] / changed["clusters"],
        "changed tokens": 100 * changed["changed_tokens"] / changed["tokens"],
        "moved words": 100 * changed["moved_words"] / changed["words"],
    }
    numbers = changed.assign(**shares).set_index("target")
    named = numbers[["perturbation", "language"]]
    rows = numbers["rows"].map(lambda count: MISSING if pd.isna(count) else f"{count:,.0f}")
    shown = pd.concat([named, rows, numbers[list(shares)].map(lambda share: text(share, delta=False))], axis=1)
    caption = (
        "Text that a perturbation has changed, by language: rows, characters (grapheme clusters), tokens and words in "
        "percent of all, and edits in 100 words. Changed tokens are the token ids that the original example does not "
        f"have as often, after all perturbations of a target. {MISSING}: not counted for this perturbation, or no "
        f"longer stored. {NOT_OFFICIAL}"
    )
    return Table(PERTURBATIONS, caption, numbers, shown)


def _groups(results: Results) -> str:
    """The languages of the groups, for a caption."""
    members = (f"{name}: {', '.join(langs) or 'no language'}" for name, langs in results.robustness.groups.items())
    return f"Drops of groups are over the languages that are not seen, blank without any ({'; '.join(members)})."


def _interval(low: float, high: float, delta: bool) -> str:
    return MISSING if pd.isna(low) else f"{text(low, delta)} to {text(high, delta)}"


def _of_language(score: float, lang: str | None) -> str:
    return MISSING if pd.isna(score) else f"{text(score, delta=False)} ({lang})"
