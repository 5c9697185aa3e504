"""`make check`: everything that is checked before the tests. Runs all of it, then says what failed."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("inbox", "smtpd", "tempmail_site")
ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def main() -> int:
    """Run each check; 0 when all are content."""
    with tempfile.TemporaryDirectory(prefix="tempmail-check-") as data_dir:
        production = os.environ | {
            "TEMPMAIL_DATA_DIR": data_dir,
            "TEMPMAIL_HTTPS": "1",
            "DEBUG": "0",
            "ALLOWED_HOSTS": "mail.example.org",
            "SECRET_KEY": secrets.token_urlsafe(48),
            # Before the standard library: that of Python 3.11 still has an smtpd of its own.
            "PYTHONPATH": str(ROOT),
        }
        production.pop("DATABASE_URL", None)
        checks = {
            "ruff": [str(BIN / "ruff"), "check", "."],
            "mypy": [str(BIN / "mypy")],
            "import-linter": [str(BIN / "lint-imports")],
            "manage.py check --deploy": manage("check", "--deploy", "--fail-level", "WARNING"),
            "missing migrations": manage("makemigrations", "--check", "--dry-run", *PACKAGES[:2]),
        }
        failed = [name for name, command in checks.items() if not passes(name, command, production)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def manage(*arguments: str) -> list[str]:
    """A command line of this project's manage.py."""
    return [sys.executable, "manage.py", *arguments]


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one check, its output under its name."""
    print(f"== {name}", flush=True)
    return subprocess.run(command, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(main())
