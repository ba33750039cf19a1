PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
MINIATURE = workflow/experiments/miniature

.PHONY: demo demo-full quick test test-all mutants same bench check envs docs schema clean

# With VERBOSE=1, every job is listed.
QUIET = $(if $(VERBOSE),,--logger rich --quiet all)

# The miniature: generated data and a small encoder, from nothing to the table of deltas.
demo: $(INSTALLED)
	@$(BIN)/snakemake --cores all $(QUIET) --configfile $(MINIATURE).yaml
	@$(BIN)/python docs/demo.py

# Three seeds and two encoders.
demo-full: $(INSTALLED)
	@$(BIN)/snakemake --cores all $(QUIET) --configfile $(MINIATURE).yaml $(MINIATURE)-full.yaml

# The checks and the fast unit tests, in less than two minutes on two cores.
quick: check
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not thorough" tests/unit

# What every change has to pass.
test: check
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

# The same and all slow suites; .ci/run makes `test` and runs those that fit into 45 minutes.
test-all: check
	$(BIN)/python -m pytest

# Slips that no test notices, in the modules that differ from origin/main or in AREAS (docs/development.md).
mutants: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-mutants.txt
	$(BIN)/python tests/mutants.py $(AREAS)

# Everything beside the usual way of doing it, into docs/performance.md; ONLY=mining for one part, FEATURES for a folder
# with token ids of real tasks, whose lengths are used.
bench: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-bench.txt
	PYTHONPATH=workflow $(BIN)/python -m benchmarks $(ONLY) $(if $(FEATURES),--features $(FEATURES))

# Which code did the same as that of BASE, shown by running both; WHY and BY_HAND as in docs/development.md.
same: $(INSTALLED)
	PYTHONPATH=workflow $(BIN)/python tests/same $(BASE) $(if $(WHY),--why '$(subst ','\'',$(WHY))') $(if $(BY_HAND),--by-hand $(BY_HAND))

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

# The conda environment is generated from the pip lock; the JSON schema and the tables of docs/config.md from the typed
# configuration, those of docs/tasks.md from the tasks.
envs: $(INSTALLED)
	$(BIN)/python envs/conda.py > envs/xstilts.yaml

docs schema: $(INSTALLED)
	$(BIN)/python -m xstilts schema > workflow/schemas/config.schema.json
	$(BIN)/python docs/config_reference.py
	$(BIN)/python docs/task_reference.py

$(INSTALLED): envs/requirements.txt envs/requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) .ci/venv results logs .snakemake
