"""Invented results of a grid in which not every combination of intermediate and target is a cell."""

from dataclasses import replace

from invented_results import invented

from xstilts.arms import Arms
from xstilts.reporting.experiment_results import Results

LONG = "squad_v1@ar+de+en+zh"
PAIRS = frozenset({("none", "xnli@de"), ("none", "xnli@zh"), ("mnli@de", "xnli@de"), ("mnli@zh", "xnli@zh")})
WHOLE = frozenset({(LONG, "xnli@de"), (LONG, "xnli@zh")})
NAMES = {"mnli": "mnli@de", "hellaswag": "mnli@zh", "squad_v1": LONG, "xnli": "xnli@de", "pawsx": "xnli@zh"}


def partial(pairs: frozenset = PAIRS | WHOLE) -> Results:
    """Results for `none`, `mnli@{source}` and a stage in four languages, with `xnli@{source}` for German and Chinese.

    The mean over targets of `none` and of the stage in four languages is known, that of the others is not part of the
    grid.
    """
    one = invented(("none", "mnli", "hellaswag", "squad_v1"), ("xnli", "pawsx"), languages=("en", "de", "zh"))

    def kept(frame):
        named = frame.replace({"intermediate": NAMES, "target": NAMES})
        return named[[pair in pairs for pair in zip(named["intermediate"], named["target"], strict=True)]]

    names = {pair[0] for pair in pairs}
    grid = Arms(
        encoders=one.grid.encoders,
        intermediates=tuple(name for name in ("none", "mnli@de", "mnli@zh", LONG) if name in names),
        targets=("xnli@de", "xnli@zh"),
        sources=("de", "zh"),
        seeds=one.grid.seeds,
        pairs=pairs,
        usual=("xnli@de", "xnli@zh"),
    )
    return replace(
        one,
        scores=kept(one.scores),
        statistics=kept(one.statistics),
        trainings=one.trainings.iloc[:0],
        grid=grid,
        sizes=dict.fromkeys(grid.intermediates, 100),
        own_stages={"xnli@de": ("mnli@de",), "xnli@zh": ("mnli@zh",)},
        models=(),
        left_out=("mnli@ja: mnli has no training data in 'ja'",),
    )
