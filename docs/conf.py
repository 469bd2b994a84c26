"""How the documentation is built: `sphinx-build -n -T -W docs <folder>`."""

from __future__ import annotations

import ast
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent / "cycle_inspector" / "__init__.py"

project = "django-cycle-inspector"
author = "the authors of django-cycle-inspector"
project_copyright = author
# Read rather than imported: the package does not have to be installed to build its pages.
release = next(
    ast.literal_eval(line.partition("=")[2].strip())
    for line in _PACKAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("__version__")
)
version = release

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "Cycle Inspector"
html_show_copyright = False
