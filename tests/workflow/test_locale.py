"""A run that fails says why in a locale that is not UTF-8."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from experiments import ROOT

CONFIG = {
    "experiment": "mine",
    "source": "release",
    "grid": {"encoders": ["toy"], "intermediates": ["none"], "targets": ["tatoeba"], "seeds": [1]},
    "encoders": {"toy": {"path": "toy"}},
    "languages": ["de"],
}
"""Its data are nowhere; the message has the folders in which they were looked for."""


def test_the_failures_of_a_run_are_told_in_any_locale(tmp_path: Path):
    (tmp_path / "toy").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / "toy" / name).write_text("{}", encoding="utf-8")
    file = tmp_path / "mine.yaml"
    text = yaml.safe_dump({**CONFIG, "tasks": {"tatoeba": {"folders": ["größe"]}}}, allow_unicode=True)
    file.write_text(f"# Wie groß?\n{text}", encoding="utf-8")
    command = [Path(sys.executable).parent / "snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", file.name]
    variables = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    run = subprocess.run([*command, "--cores", "1"], cwd=tmp_path, env=variables, capture_output=True, check=False)
    printed = (run.stdout + run.stderr).decode("ascii")
    assert run.returncode == 1
    assert "UnicodeEncodeError" not in printed
    assert "1 job failed; missing cells as a result: 1 of 1" in printed
    assert "reading the evaluation data of tatoeba" in printed
    assert r"gr\xf6\xdfe" in printed
    (log,) = tmp_path.glob("logs/data/tatoeba.evaluate~*.log")
    assert "größe" in log.read_text(encoding="utf-8").splitlines()[0]
