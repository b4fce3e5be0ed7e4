# The commands of a developer. Needs Python 3.11 or newer with venv, make, and a package registry; nothing else.
PYTHON ?= python3
# Tests at a time. A third of what tests take is waiting, for a scanner in real time or a server, so three keep two cores
# busy: 7 to 10 minutes for all of `make test` in place of 16 (Nov 2026). With four on two, two tests of scanners in real time
# failed. With more cores: JOBS=9 for eight. Not reckoned here: a container is told of cores that it may not use.
JOBS ?= 3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# MicroPython's stubs carry a standard library that replaces mypy's own, so they live outside site-packages.
STUBS := $(VENV)/micropython-stubs
STUBS_PACKAGE := micropython-rp2-rpi-pico2-stubs~=1.29.0
# Boards with a chip: each has a module `board`, so each is checked by itself, with the folders that it shares.
BOARDS := $(patsubst boards/%/board.toml,%,$(wildcard boards/*/board.toml))
TYPED := host_tools/stillscan host_tools/bench host_tools/distribution host_tools/handbook host_tools/training \
	firmware/kiosk/names.py firmware/kiosk/wire.py $(wildcard boards/*/models/*.py)

# What is compiled is kept: with this set, as images for containers do, each of the thousand processes that tests start
# would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: help setup quick test test-whole lint format types firmware tests hooks demo run bench bench-attacks bench-beside bench-chip bench-clean bench-fleet bench-fleet-day bench-fleet-page bench-fleet-return bench-fleet-rollout bench-fleet-series bench-fleet-split bench-fuzz bench-joined bench-latency bench-liveness bench-load bench-motion bench-mrz bench-page bench-plugin bench-reader bench-records bench-replay bench-rules bench-service bench-simulate bench-soak bench-tags bench-typing test-board train pictures samples wheel release sbom deb docs clean page-matrix

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv and install everything into it (does nothing when it is up to date)
	@sh tests/packages.sh fonts-ocr-b

# Nothing is compiled while it is installed: Python compiles what is used when it first is.
# An editable install holds a copy of the one module that board and host share.
$(READY): pyproject.toml Makefile firmware/kiosk/names.py firmware/kiosk/wire.py
	@printf '== Setting up %s: all that is needed is installed there, which may take some minutes\n' $(VENV)
	@command -v $(PYTHON) >/dev/null || { echo "make: no '$(PYTHON)' here. Install Python 3.11 or newer, or name it: make setup PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $$($(PYTHON) --version) is too old: 3.11 or newer is needed. Name another: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: this Python has no venv. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@rm -rf $(STUBS)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-user --target $(STUBS) '$(STUBS_PACKAGE)'
	@touch $@

quick: $(READY) lint types ## after each change: lint, types of what changed, the tests that start no process and take no time (half a minute on two idle cores)
	@echo '== Tests that start no process and take no time'
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -m 'not process and not slow' --durations 5 --durations-min 0.5 $(PYTEST_ARGS)

test: setup ## everything that a change must pass: lint, types, firmware build, tests
	@$(MAKE) --no-print-directory lint types firmware tests

test-whole: ## the same with all of what `make test` tries a share of (tests/covering.py): each night, and before a release
	@STILLSCAN_WHOLE=1 $(MAKE) --no-print-directory test

lint: $(READY) ## ruff: rules and format; codespell
	@echo '== Lint'
	@$(BIN)/ruff check --quiet
	@echo '== Format'
	@$(BIN)/ruff format --check --quiet || { echo "make: not formatted; run 'make format'"; exit 1; }
	@echo '== Spelling'
	@$(BIN)/codespell

hooks: $(READY) ## from now on each git commit passes the same lint and types (.pre-commit-config.yaml)
	@$(BIN)/pre-commit install

format: $(READY) ## ruff: mend what it can, and format
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format

# mypy keeps what it found: only what changed, and what uses it, is checked again. By two processes the first time takes
# 19 s in place of 49. It gives them 3 s to start, which a computer that does much else does not keep: then it tells an
# error of its own and ends with 2, and one process does it all.
types: $(READY) ## mypy --strict: host, then firmware against MicroPython's stubs
	@echo '== Types: host'
	@$(BIN)/mypy --num-workers 2 $(TYPED) || { test $$? = 2 && $(BIN)/mypy $(TYPED); }
	@echo '== Types: firmware'
	@for board in $(BOARDS); do \
	folders=$$($(BIN)/python -c "from stillscan.boards.files import board_folders as f; print(*f('$$board'))") || exit 1; \
	MYPYPATH=$(STUBS):$$(echo $$folders | tr ' ' :) $(BIN)/mypy --custom-typeshed-dir $(STUBS) --follow-imports silent --cache-dir .mypy_cache/$$board firmware $$folders || exit 1; done

firmware: $(READY) ## compile the firmware for every board
	@echo '== Firmware'
	@$(BIN)/python -m stillscan.boards.build

tests: $(READY) ## pytest, after the Debian packages that some tests need (tests/packages.sh)
	@sh tests/packages.sh
	@echo '== Tests'
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

demo: setup ## a passport, a nudge, a finished scan: the product in one minute, without a board
	@mkdir -p build
	@$(BIN)/stillscan run --port sim --once --motion one-slip --recipient 'Åse Østenbyen' --save-strip build/demo-strip.png

run: setup ## stillscan with ARGS, for example: make run ARGS='read passport.png'
	@$(BIN)/stillscan $(ARGS)

bench: setup ## 200 seeds of every motion profile, and 1,000 checks in one firmware process (about 15 minutes)
	@$(BIN)/python -m bench.motion $(ARGS)

bench-attacks: setup ## some 8,000 attempts at a release without a passed check, and at records that nobody is told of: 0 may get through (about 10 minutes)
	@$(BIN)/python -m bench.attacks $(ARGS)

bench-motion: setup ## every motion profile beside restart-only, on the same seeds (about 15 minutes)
	@$(BIN)/python -m bench.motion --beside --checks 0 $(ARGS)

bench-beside: setup ## our reader beside others that are installed, on the same strips, photographs and pictures with known text (--images DIR)
	@$(BIN)/python -m bench.beside $(ARGS)

bench-mrz: setup ## how far the reader can be relied on, set by set (--typefaces DIR with other fonts, --images DIR with known text; --update)
	@$(BIN)/python -m bench.mrz $(ARGS)

bench-reader: setup ## the reader's own time and memory
	@$(BIN)/python -m bench.reader $(ARGS)

bench-fuzz: setup ## 20,000 pictures, arrays and damaged files that are no MRZ: nothing may be raised or accepted, effort and memory stay bounded (about 40 minutes)
	@$(BIN)/python -m bench.fuzz $(ARGS)

bench-page: setup ## from a scan event to the page that shows it, and the program's own time in a visit, in a real browser (1 minute)
	@sh tests/packages.sh chromium-headless-shell
	@$(BIN)/python tests/web/bench_page.py $(ARGS)

page-matrix: setup ## the page in every state, language, size and colours: what hangs out, is cut, or axe finds (4 minutes)
	@sh tests/packages.sh chromium-headless-shell
	@$(BIN)/python tests/web/matrix.py

bench-typing: setup ## is a character lost while everything happens at the counter? 200 visits in a real browser (10 minutes)
	@sh tests/packages.sh chromium-headless-shell
	@$(BIN)/python tests/web/bench_typing.py $(ARGS)

bench-load: setup ## how a clerk is answered while strangers load the page: bodies, connections, windows, PINs (3 minutes)
	@$(BIN)/python tests/web/bench_load.py $(ARGS)

bench-records: setup ## the durable record of a verdict in ms, and what 200 kills leave (about 5 minutes)
	@$(BIN)/python -m bench.records $(ARGS)

bench-rules: setup ## names of the same and of other people, a million identity numbers, the time of a verdict
	@$(BIN)/python -m bench.rules $(ARGS)

bench-fleet-rollout: setup ## 200 bad versions and 200 sound ones over 3,000 simulated kiosks: which are stopped, and when? (some 7 minutes of processor time)
	@$(BIN)/python -m bench.fleet_rollout $(ARGS)

bench-joined: setup ## 2,100 times two passports joined, exchanged or laid over each other: is a mixture ever accepted? (about 40 minutes)
	@$(BIN)/python -m bench.joined $(ARGS)

test-board: $(READY) ## the plugin's board suite: make test-board PORT=/dev/ttyACM0 (ASK=1: you are its hand); fills build/board-checklist.md
	@test -n '$(PORT)' || { echo 'make: name the port of the board: make test-board PORT=/dev/ttyACM0 (PORT=sim or chip tries the suite)'; exit 2; }
	@mkdir -p build
	@STILLSCAN_CHECKLIST=build/board-checklist.md $(BIN)/python -m pytest -q -rs tests/board --stillscan-on '$(PORT)' $(if $(ASK),--stillscan-ask) \
		--stillscan-metrics build/board.json $(PYTEST_ARGS)

bench-fleet: setup ## kiosks through three servers and two centres that are killed; a week at once; what a check pays (nats-server; 5 minutes)
	@$(BIN)/python -m bench.fleet $(ARGS)

bench-fleet-day: setup ## a day of 3,000 kiosks, a server and a centre killed every two minutes: what is lost, what counts twice? (nats-server; 30 minutes)
	@$(BIN)/python -m bench.fleet_day $(ARGS)

bench-fleet-split: setup ## the network between three servers is cut and healed, kiosks and a centre on either side (nats-server; 2 minutes)
	@$(BIN)/python -m bench.fleet_split $(ARGS)

bench-fleet-return: setup ## an office back after a week: how soon is it caught up, and what do others notice of it? (nats-server; 4 minutes)
	@$(BIN)/python -m bench.fleet_return $(ARGS)

bench-fleet-page: setup ## the centre's page with 3,000 kiosks in a real browser: first paint, and how soon it shows a check that was made at a kiosk (nats-server)
	@sh tests/packages.sh chromium-headless-shell
	@$(BIN)/python tests/fleet/bench_centre_page.py $(ARGS)

bench-fleet-series: setup ## a passport that fails three times as often, among 300 series: is it found, and who else is accused? (10 minutes)
	@$(BIN)/python -m bench.fleet_series $(ARGS)

bench-latency: setup ## from the last row of a text to the verdict, with the real reader over a pseudo-terminal (2 minutes)
	@$(BIN)/python -m bench.latency $(ARGS)

bench-liveness: setup ## 200 checks while both cores are busy; with ordinary print; with the computer stopped in between (about 30 minutes)
	@$(BIN)/python -m bench.liveness $(ARGS)

bench-service: setup ## parts that age and sound scanners: does `stillscan scanner test` name the one and not the other? (about 20 minutes)
	@$(BIN)/python -m bench.service $(ARGS)

bench-clean: setup ## dirt drawn at random, and clean scanners: does `stillscan clean` find the one and report none of the other? (about 10 minutes)
	@$(BIN)/python -m bench.clean $(ARGS)

bench-replay: setup ## 50 recorded visits run again from their recordings alone: do they go the same way? (about 10 minutes)
	@$(BIN)/python -m bench.replay $(ARGS)

bench-simulate: setup ## how many times real time the simulator is: a whole `simulate --json`, and check after check in one process, by parts
	@$(BIN)/python -m bench.simulate $(ARGS)

bench-plugin: setup ## 1,000 checks by the pytest plugin with xdist on two cores: wall clock and processors (about 2 minutes)
	@$(BIN)/python -m bench.plugin $(ARGS)

bench-soak: setup ## a simulated day at the counter: 2,000 customers and everything that goes wrong on a year of days (about 90 minutes)
	@$(BIN)/python -m bench.soak $(ARGS)

bench-tags: setup ## what it takes to verify the tags of a sweep of a paired scanner
	@$(BIN)/python -m bench.tags $(ARGS)

bench-chip: setup ## cycles of every step on an emulated RP2040, beside the baseline; STILLSCAN_UF2 names MicroPython's image (about 10 minutes)
	@$(BIN)/python -m bench.chip $(ARGS)

train: setup ## train the reader's five networks again: about six hours on two cores (installs the extra `train`)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train]'
	@$(BIN)/python -m training.train --net quick --seed 3 --steps 4000 --threads 1 --workers 1 $(ARGS)
	@$(BIN)/python -m training.train --net lines --seed 1 --steps 12000 --threads 1 --workers 1 $(ARGS)
	@$(BIN)/python -m training.train --net second --seed 2 --steps 12000 --threads 1 --workers 1 $(ARGS)
	@$(BIN)/python -m training.fonts build/fonts
	@$(BIN)/python -m training.typefaces --fonts build/fonts/learn --workers 2
	@$(BIN)/python -m training.typefaces --fonts build/fonts/learn --workers 2 --net worn-typeface --seed 41 --epochs 4
	@$(BIN)/python -m training.typefaces --fonts build/fonts/learn --workers 2 --net worn-typeface --seed 43 --lines 56000 --epochs 2 --again --mean --worn

pictures: setup ## make the pictures of README and docs again, the wiring of every board, and all pages on one sheet (build/pages.png)
	@sh tests/packages.sh chromium-headless-shell
	@$(BIN)/stillscan run --port sim --once --motion one-slip --language en --recipient 'Åse Østenbyen' \
		--save-strip host_tools/docs/demo-strip.png --save-screen host_tools/docs/demo.svg
	@$(BIN)/stillscan simulate --document host_tools/stillscan/samples/nor-clean.png --motion mixed --seed 3 --plot host_tools/docs/check.png
	@$(BIN)/python tests/web/pictures.py host_tools/docs
	@$(BIN)/python tests/web/sheet.py build/pages.png
	@for parts in boards/*/parts.toml; do $(BIN)/stillscan boards draw "$${parts%/parts.toml}" "$${parts%parts.toml}schematic.svg" || exit 1; done

samples: setup ## draw the sample images again
	@$(BIN)/python -m stillscan.samples host_tools/stillscan/samples

wheel: $(READY) ## build dist/*.whl
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

docs: setup ## the documents as a site, by who reads them, with a reference that is made: build/docs/index.html
	@$(BIN)/python -m handbook $(ARGS)

release: setup ## wheel and source archive built twice, checked, installed from nothing with each Python that is here and tried; list of parts; into build/release
	@$(BIN)/python -m distribution $(ARGS)

sbom: setup ## build/sbom.cdx.json: what an installed stillscan consists of (CycloneDX)
	@$(BIN)/python -m distribution --sbom build/sbom.cdx.json

deb: setup ## the kiosk as a Debian package, of what `make release` has left: service, user, udev rule, browser; into build/deb
	@$(BIN)/python -m distribution.debian $(ARGS)

clean: ## remove what make, Python and its tools made
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
