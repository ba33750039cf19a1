"""Jobs import what they use: those on a CPU no torch, those on a GPU little more than the model of transformers."""

import os
import subprocess
import sys

import pytest
import tiny
from test_tokenization import encoded, experiment

pytestmark = pytest.mark.thorough

BASE = """
import gc, os
gc.disable()
from transformers import BertForSequenceClassification
times = os.times()
print(times.user + times.system)
"""
"""The processor time of importing a model of transformers."""

FIRST_BATCH = """
import os
from xstilts import cli

load = cli._module

def watched(command):
    module = load(command)
    import torch
    from transformers import PreTrainedModel
    own = torch.nn.Module.__call__

    def call(self, *inputs, **options):
        if isinstance(self, PreTrainedModel):
            times = os.times()
            print("first batch after", times.user + times.system, flush=True)
            os._exit(0)
        return own(self, *inputs, **options)

    torch.nn.Module.__call__ = call
    return module

cli._module = watched
cli.main()
"""
"""The processor time of a job up to the first batch that its model gets."""

SHARE = {"predict": 1.3, "train_stage": 1.4}


@pytest.fixture(scope="module")
def world(tmp_path_factory, tiny_tokenizer):
    """An experiment whose data is read and encoded."""
    folder = tmp_path_factory.mktemp("start")
    tiny.encoder(folder / "encoder", tiny_tokenizer)
    world = experiment(folder, folder / "encoder")
    encoded(world)
    return world


def run(program: str, *arguments: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("step", ["read_task", "encode_task", "score", "collect"])
def test_a_job_on_a_cpu_imports_no_torch(step):
    program = f"import sys; import xstilts.jobs.{step}; print('torch' in sys.modules)"
    assert run(program).strip() == "False"


def test_encoding_as_a_whole_imports_no_torch(world):
    entry = world.entry("encode_task", "ccg.train")
    (world.config.store / entry.manifest).unlink()
    program = f"""
import sys
from argparse import Namespace
from pathlib import Path
from xstilts.jobs import encode_task
encode_task.run(Namespace(config=Path({str(world.folder / "config.yaml")!r}), entry={entry.path!r}))
print("torch" in sys.modules, "transformers" in sys.modules)
"""
    assert run(program).splitlines()[-1] == "False True"
    assert (world.config.store / entry.manifest).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("step", ["train_stage", "predict"])
def test_a_job_gets_to_its_first_batch_in_little_more_than_the_time_of_importing_a_model(world, step):
    entry = world.entry(step, "ccg")
    if step == "predict":
        world.run("train_stage", "ccg")
    arguments = [step, entry.path, "--config", str(world.folder / "config.yaml")]
    base, own = [], []
    for _ in range(3):
        base.append(float(run(BASE)))
        own.append(float(run(FIRST_BATCH, *arguments).split("first batch after ")[1].split()[0]))
    print(f"{step}: {min(own):.2f} s to the first batch, {min(own) / min(base):.2f} x the import of a model")
    assert min(own) <= SHARE[step] * min(base)
