"""Run a management command of the demo: `python demo_site/manage.py seed`, then `runserver`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that the arguments name."""
    # Python puts the folder of this file on the path; `demo_site` itself is found from its parent.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_site.config.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
