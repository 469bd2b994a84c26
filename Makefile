# The two commands of the README, which need Python and git alone, and one that takes the pictures of
# the docs, which needs Chromium too. All may be run again and again.

# pyenv hides the versions that are not switched on: look where they are.
ifneq ($(shell command -v pyenv),)
export PATH := $(shell ls -d "$$(pyenv root)"/versions/3.1[1-4].*/bin 2>/dev/null | sort -rV | tr '\n' ':')$(PATH)
endif

# The first interpreter that runs and is new enough; `make demo PYTHON=...` names another.
PYTHON ?= $(shell PATH="$(PATH)"; for python in python3.13 python3.12 python3.14 python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PORT ?= 8000

.PHONY: demo test screenshots

demo: .venv/demo/installed
	@.venv/demo/bin/python demo_site/manage.py seed
	@echo
	@echo "The bookshop:  http://127.0.0.1:$(PORT)/"
	@echo "Its admin:     http://127.0.0.1:$(PORT)/admin/  (name: admin, password: admin)"
	@echo "Control-C ends it."
	@echo
	@.venv/demo/bin/python demo_site/manage.py runserver $(PORT)

test: .venv/tox/installed
	.venv/tox/bin/python -m tox run $(TOX)

screenshots: .venv/screenshots/installed
	.venv/screenshots/bin/python -m tests.browser.screenshots docs/images

.venv/demo/installed: setup.cfg pyproject.toml | python
	$(PYTHON) -m venv .venv/demo
	.venv/demo/bin/python -m pip install --quiet --editable .
	@touch $@

.venv/screenshots/installed: setup.cfg pyproject.toml | python
	$(PYTHON) -m venv .venv/screenshots
	.venv/screenshots/bin/python -m pip install --quiet --editable . playwright
	@touch $@

.venv/tox/installed: tox.ini | python
	$(PYTHON) -m venv .venv/tox
	.venv/tox/bin/python -m pip install --quiet 'tox>=4.20'
	@touch $@

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found; name it: make PYTHON=/path/to/python3"; exit 1; }
