# demo   watch a plant at work          test   prove everything
# lint   the static checks alone        bench  measure, as ratios

BIN := .venv/bin
# One file stays in one process, so that what it sets up is set up once; tests/conftest.py says which files begin.
# The seed makes two runs of one tree the same; `pytest` without it looks for new counterexamples every time.
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --hypothesis-seed=0

.PHONY: demo test lint unit integration bench clean

demo:
	@.ci/venv demo
	@$(BIN)/tundish demo $(DEMO)

test: lint unit integration

lint:
	@.ci/venv all,test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/deptry engine connectors

unit:
	@.ci/venv all,test
	$(PYTEST) tests/unit tests/architecture

integration:
	@.ci/venv all,test
	@.ci/peers
	# Foreign servers share two cores with what they test. What fails is run once more, and listed as such. Much of the
	# time is spent waiting for them, so there is work for more processes than cores.
	$(PYTEST) -n 4 --reruns 1 -r R tests --ignore tests/unit --ignore tests/architecture

bench:
	@.ci/venv all,test
	$(BIN)/python tests/benchmark/run.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis dist build
