# Two commands: `make run` serves Downhill on http://localhost:8501, `make test` runs every test.
# Both install what they need into .venv first. PYTHON and PORT may be set: make run PYTHON=python3.13 PORT=8600

PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.PHONY: run test check browser bench mutants clean

run: .venv/run
	@echo "Downhill: http://localhost:$(PORT)"
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.headless true

test: check browser
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# What pre-commit runs at each commit, over everything.
check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# A Chromium for the browser tests: the one that is there, else the system's package, else Playwright's own.
browser: .venv/test
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium; } \
	|| $(BIN)/playwright install chromium

.venv/run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("Downhill needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.txt
	@touch $@

.venv/test: .venv/run requirements-dev.txt
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	@touch $@

# Measured comparisons with PyTorch, numba and a Plotly page (benchmarks/README.md); not part of the tests.
bench: .venv-bench/ready browser
	PYTHONPATH=. .venv-bench/bin/python benchmarks/trajectory.py
	PYTHONPATH=. .venv-bench/bin/python benchmarks/page.py
	PYTHONPATH=. .venv-bench/bin/python benchmarks/dial.py
	PYTHONPATH=. .venv-bench/bin/python benchmarks/compare.py
	PYTHONPATH=. .venv-bench/bin/python benchmarks/network.py

.venv-bench/ready: benchmarks/requirements.txt requirements-dev.txt requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --requirement benchmarks/requirements.txt
	@touch $@

# Change one thing in a formula or a rule at a time and count how many changes the tests notice. All of it takes hours:
# tests/mutants.py takes names of files, a number of mutants and the tests to run.
mutants: .venv/test
	$(BIN)/python tests/mutants.py

clean:
	rm -rf .venv .venv-bench .cache
