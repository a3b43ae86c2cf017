# A bare machine needs Python 3.11 or newer, make and a C compiler; the rest is installed into .venv from the lock.
#   make demo ARGS="--once"      make test PYTEST_ARGS="-k receipts"      make PYTHON=/path/to/python3.13 demo

ARGS ?=
PYTEST_ARGS ?=
# Two workers: the suite is planned for two cores, and its scenarios start processes of their own.
WORKERS ?= 2
# Of the proofs that can run for long (docs/guide/proofs.md). MINUTES: each has its own default.
MINUTES ?=
STEPS ?= 50000
COUNT ?= 1000
FIRST ?= 1
TRACE ?=
FUZZ_SECONDS ?= 60
SEED ?= 1
RATE ?= 700
VENV ?= .venv
# Who only builds the pages installs two packages, not eighty.
DOCS_VENV ?= build/venv-docs
BIN := $(VENV)/bin
TIMES ?= 50
# All that starts few processes, and the golden exchanges: a few minutes.
SHORT := tests/unit tests/docs tests/store tests/fuzz \
	tests/scenarios/test_contract_samples.py tests/scenarios/test_contract_reference.py
export PYTHON VENV

.DEFAULT_GOAL := help
.PHONY: help demo run test test-short test-pythons again check fuzz bench bench-growth bench-peers bench-door bench-rest bench-page overload crash crash-long campaign-kills crash-page seeds model faults journeys format docs changelog lock dist deb man clean runtime dev

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: runtime ## the whole program against two simulated operators; ARGS="--once" ends when all is final
	@exec $(BIN)/payamak demo $(ARGS)

run: runtime ## payamak serve $(ARGS)
	@exec $(BIN)/payamak serve $(ARGS)

test: check ## check, then every test; PYTEST_ARGS="-k name" for some
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

test-short: dev ## units, golden exchanges, pages, store; PYTHON=python3.13 VENV=build/venv-3.13 for another Python
	@$(BIN)/python -m pytest -n $(WORKERS) $(SHORT) $(PYTEST_ARGS)

test-pythons: dev ## test-short on every other promised Python that is at hand, each in an environment of its own
	@own=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	sh tools/pythons.sh | while read -r version python; do \
		[ "$$version" = "$$own" ] && continue; \
		echo "Python $$version: $$python"; \
		$(MAKE) --no-print-directory test-short PYTHON="$$python" VENV="build/venv-$$version" </dev/null || exit 1; \
	done

again: dev ## tests that start processes or search traces, TIMES=50 beside a busy processor; PYTEST_ARGS="tests/faults"
	@$(BIN)/python -m tools.again --times $(TIMES) $(PYTEST_ARGS)

check: dev ## linter, format, strict types, import rule
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports --no-cache --no-logo

fuzz: ## every reader of foreign octets, by octets never seen; FUZZ_SECONDS=3600 for longer, FUZZ_ARGS="receipt" for one; FUZZ_ARGS="--inputs 5000 --seed 1" for the same ones each time
	@sh tools/environment.sh fuzz
	@$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_ARGS)

bench: dev ## what a message costs and how many go through, in nine minutes at most; ARGS="--cells full-64"
	@$(BIN)/python -m bench $(ARGS)

bench-growth: dev ## the same beside a store with ten million messages; ARGS="--millions 0.1"
	@$(BIN)/python -m bench.growth $(ARGS)

bench-peers: dev ## Kannel, where it is installed, and this gateway under the same load
	@$(BIN)/python -m bench.peers $(ARGS)

bench-door: dev ## processor time of one POST in the HTTP layer alone; ARGS="--beside ../before"
	@$(BIN)/python -m bench.door $(ARGS)

bench-rest: dev ## from the start to the first answer, and what the gateway costs while nothing is asked of it
	@$(BIN)/python -m bench.rest

bench-page: dev ## all of these, and docs/reference/speed.md with their figures; ARGS="--before ../before"
	@$(BIN)/python -m bench.page $(ARGS)

overload: dev ## four times more than can be sustained while bulk waits; MINUTES=5
	@$(BIN)/python -m bench.overload $(if $(MINUTES),--minutes $(MINUTES))

crash: dev ## the process killed at every named point, then the promises checked; ARGS="--runs 3 --seed 7"
	@$(BIN)/python -m tests.crash.matrix $(ARGS)

seeds: dev ## whole gateways under a virtual clock; COUNT=5000 FIRST=1, and TRACE=1 to see what happens in one
	@$(BIN)/python -m tests.simulation --count $(COUNT) --first $(FIRST) --jobs $(WORKERS) $(if $(TRACE),--trace)

model: dev ## any history against a second opinion, by hand longer than in the suite; STEPS=50000
	@STEPS=$(STEPS) SHRINK=1 $(BIN)/python -m pytest -n $(WORKERS) -o faulthandler_timeout=0 tests/model

faults: dev ## the tests tested: each seeded fault in a copy must turn them red; ARGS="--only refund"
	@$(BIN)/python -m tools.faults $(ARGS)

journeys: dev ## a developer's and an administrator's first day by the commands of the docs, in fresh roots; tells the time of each step
	@$(BIN)/python -m pytest $(PYTEST_ARGS) tests/journeys

crash-long: dev ## gateway and operator killed at random under load; MINUTES=10 SEED=1 RATE=700
	@$(BIN)/python -m tests.crash.random_kills $(if $(MINUTES),--minutes $(MINUTES)) --seed $(SEED) --rate $(RATE)

campaign-kills: dev ## a campaign of 100,000 rows killed every 20 s, paused 50 times, taken back at 60 %; ARGS="--rows 30000 --seed 7"
	@$(BIN)/python -m tests.crash.campaign_kills $(ARGS)

crash-page: dev ## both, and docs/reference/crash.md with their figures
	@$(BIN)/python -m tests.crash.page $(if $(MINUTES),--minutes $(MINUTES)) --seed $(SEED) --rate $(RATE)

format: dev ## put the code into the house's form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: ## the documentation as a site in build/site, both languages, searched without a network
	@VENV=$(DOCS_VENV) sh tools/environment.sh docs
	@$(DOCS_VENV)/bin/python -m tools.site

changelog: dev ## CHANGELOG.md from the notes in changes/
	@$(BIN)/python tools/changelog.py

dist: dev ## wheel and sdist of the gateway and of the client into dist/, the same octets each time
	@$(BIN)/python -m tools.dist

deb: dev ## the Debian package into dist/, for the distribution that this runs on
	@$(BIN)/python -m tools.deb

man: dev ## payamak(1) from the help, into build/payamak.1
	@mkdir -p build
	@$(BIN)/python -m tools.man_page >build/payamak.1

lock: ## requirements*.txt from pyproject.toml; UPGRADE=1 takes newer versions
	@sh tools/lock.sh

clean: ## remove .venv and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find src tests tools fuzz -name __pycache__ -type d -prune -exec rm -rf {} +

runtime dev:
	@sh tools/environment.sh $@
