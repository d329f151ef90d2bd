# Everything here sets itself up: a virtual environment in .venv from requirements.lock, once.
# Needed: GNU make and Python 3.11 or newer. Nothing is installed outside this folder.

# The first Python that runs and is new enough; MOTIS's engine has a wheel for 3.11 alone.
PYTHONS = python3.11 python3.12 python3.13 python3.14 python3
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))
BIN = .venv/bin
READY = .venv/.ready

# Downloads of the planners, which survive `make clean`.
export GTFSGEN_CACHE ?= $(CURDIR)/.cache

PROJECTS = source $(sort $(wildcard tests/projects/*/source))
PROFILED = .cache/bench/generated-1000000.zip
PLANNERS = motis otp
CASES = --cases

.PHONY: feed test lint types pytest parity bench profile acceptance release lock clean torture torture-short

feed: $(READY)
	$(BIN)/gtfsgen build source -o feed

test: lint types pytest

lint: $(READY)
	$(BIN)/ruff check gtfsgen tests benchmarks
	$(BIN)/ruff format --check gtfsgen tests benchmarks

types: $(READY)
	$(BIN)/mypy

pytest: $(READY)
	$(BIN)/python -m pytest

# How much of the canonical validator's answers are ours, to the letter. Set GTFSGEN_CORPUS (a folder
# of feeds) and GTFSGEN_ORACLE (its answers for them) to compare real feeds too.
parity: $(READY)
	$(BIN)/python -m tests.parity $(CASES) --check

# What is hostile: archives, projects, damaged input, kills, mutants. Writes docs/reliability.md; two
# hours, or as many minutes as one says, in which less is tried.
TORTURE_MINUTES = 120
torture: $(READY)
	$(BIN)/python -m tests.torture --minutes $(TORTURE_MINUTES) --page docs/reliability.md

# The same in short, for every change.
torture-short: $(READY)
	$(BIN)/python -m tests.torture --minutes 3

bench: $(READY)
	$(BIN)/python -m benchmarks.bench

profile: $(READY) $(PROFILED)
	$(BIN)/gtfsgen validate $(PROFILED) --rules canonical-8.0.1 --date 2026-11-20 --timings

.cache/bench/generated-%.zip: | $(READY)
	$(BIN)/python -m benchmarks.generate $* $@

acceptance: $(READY)
	$(BIN)/python -m tests.acceptance $(PROJECTS) $(PLANNERS:%=--planner %) --page docs/planners.md

$(READY): requirements.lock pyproject.toml
	@python=; for each in $(PYTHONS); do \
	  if $$each -c '$(NEW_ENOUGH)' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "make: no Python 3.11 or newer among: $(PYTHONS)" >&2; exit 1; fi; \
	echo "setting up .venv with $$python"; $$python -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@# A folder on the path, for the finder that is the default costs every start 15 ms.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat -e .
	@# Where Python is told not to write bytecode, every start would compile the package anew.
	@$(BIN)/python -m compileall -q gtfsgen
	@touch $@

# Wheel, sdist, SBOM and licences in dist/, checked in clean environments of every Python here.
# URL=https://... is the project's address, for links and pictures on PyPI.
release: $(READY)
	$(BIN)/python ci/release.py --url "$(URL)"

# Newer versions of everything, for all Pythons and systems at once.
lock:
	python3 -m venv .cache/uv && .cache/uv/bin/python -m pip install --quiet uv
	.cache/uv/bin/uv pip compile pyproject.toml --extra pandas --extra planner --extra rails \
	  --extra distributed --extra world --extra pdf --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --quiet --upgrade \
	  --custom-compile-command "make lock" -o requirements.lock

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
