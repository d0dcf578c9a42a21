# The whole of what a developer types. Each target works on a fresh clone by itself.
.DEFAULT_GOAL := help
.PHONY: help setup browser tryton demo tryton-demo test check soak golden bench screenshots pictures audit requirements clean
BIN := .venv/bin
GATED := connector/domain/*,connector/rulebook/*,connector/billing/*,connector/runs/*

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: ## everything the project needs, in .venv; leaves the command at .venv/bin/connector
	@tools/setup.sh

browser: ## Chromium and nginx, with which the tests look at the pages
	@tools/packages.sh

tryton: setup ## a real ledger for the tests, in .venv-tryton: Tryton's packages, and a prepared database
	@tools/tryton.sh

demo: setup ## the main job on the samples, end to end, against the sandbox
	@$(BIN)/connector demo --folder build/demo

check: setup ## the gates: style, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Two processes on two cores: a second thread of each would only wait for the first on frames as small as those of tests.
test soak: export POLARS_MAX_THREADS := 1

tryton-demo: tryton ## the same against a real ledger; posted invoices and the trial balance are read back
	@$(BIN)/python tools/tryton_demo.py build/tryton-demo

test: check browser tryton ## the gates, every test, and the coverage of the rooms that decide money
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='$(GATED)' --fail-under=100

soak: setup ## 5,000 random rulebooks, histories of billing and of pushes, each against a second opinion (some hours)
	CONNECTOR_RANDOM_RULEBOOKS=5000 $(BIN)/python -m pytest -q -n 2 tests/rulebook/test_rulebook_random.py
	CONNECTOR_HISTORIES=5000 $(BIN)/python -m pytest -q -n 2 tests/runs/test_runs_interleavings.py
	CONNECTOR_FILE_HISTORIES=100 $(BIN)/python -m pytest -q tests/runs/test_runs_history.py
	CONNECTOR_PUSH_HISTORIES=5000 $(BIN)/python -m pytest -q -n 2 tests/runs/test_runs_push_simulation.py
	CONNECTOR_PUSH_ROUNDS=200 $(BIN)/python -m pytest -q -n 2 tests/runs/test_runs_push_rounds.py
	CONNECTOR_NIGHTS=50 $(BIN)/python -m pytest -q tests/runs/test_runs_nightly_crash.py

golden: setup ## write the samples and what must come out of them again; the diff is the review
	$(BIN)/connector mapping schema > mappings/mapping.schema.json
	$(BIN)/connector rules schema > rules/rules.schema.json
	$(BIN)/python tests/golden/make_samples.py
	$(BIN)/python tests/golden/make_expected.py
	$(BIN)/python tools/problem_reference.py

bench: setup .venv-bench/.ready ## measured comparisons with peers, against their thresholds
	$(BIN)/python bench/intake.py
	$(BIN)/python bench/hostile.py
	$(BIN)/python bench/memory.py
	$(BIN)/python bench/rulebook.py
	$(BIN)/python bench/rating.py
	$(BIN)/python bench/adjusted.py
	$(BIN)/python bench/ledger.py
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/push.py
	$(BIN)/python bench/page.py
	$(BIN)/python bench/page_upload.py

screenshots: setup browser ## every screen of the page, wide and narrow, light and dark, in build/screenshots
	$(BIN)/python tools/screenshots.py

pictures: setup browser ## those of them that the guides show, in docs/pictures; the diff is the review
	$(BIN)/python tools/screenshots.py --guides

.venv-bench/.ready: requirements/bench.txt
	rm -rf .venv-bench && $(BIN)/python -m venv .venv-bench
	.venv-bench/bin/python -m pip --quiet install --require-hashes -r requirements/bench.txt
	@touch $@

audit: ## look the pinned versions up among the known faults; it warns and fails nothing
	@python3 -m venv .venv-audit && .venv-audit/bin/python -m pip --quiet install --require-hashes -r requirements/audit.txt
	-.venv-audit/bin/pip-audit --require-hashes -r requirements/runtime.txt

requirements: ## pin the newest versions, with hashes and without hosts (needs uv)
	for name in build runtime dev audit bench tryton; do uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --universal --python-version 3.11 --no-annotate --custom-compile-command "make requirements" \
	  requirements/$$name.in -o requirements/$$name.txt; done

clean: ## remove what was built
	rm -rf .venv .venv-audit .venv-bench .venv-tryton build dist
