"""Install the programs that the tests drive, where they are missing: a browser, mail programs, a compiler.

Debian as root: apt-get. Elsewhere the browser is Playwright's own, and who lacks another program is told so:
a test is never skipped in silence.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

#: Program → Debian packages. The compiler makes the clock that tests move.
PROGRAMS = {"swaks": "swaks", "postfix": "postfix", "smtp-source": "postfix", "cc": "gcc libc6-dev"}
if sys.platform == "linux":
    PROGRAMS["strace"] = "strace"  # sees that a 250 waits for the disk
#: Chromium without a window takes half of the processor for most tests; Playwright's own brings it along.
HEADLESS_SHELL = "chromium-headless-shell"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    """Install what is missing; 1 with a clear line if something cannot be had."""
    missing = sorted(
        {name for program, names in PROGRAMS.items() if not has(program) for name in names.split()}
    )
    if not has_browser():
        missing.append("chromium")
    if is_debian() and os.geteuid() == 0:
        return apt_install(missing) if missing or not (has(HEADLESS_SHELL) or playwright_browser()) else 0
    if not missing:
        return 0
    if "chromium" in missing and not install_playwright_browser():
        return fail("no Chromium, nor could Playwright fetch its own (Debian: apt-get install chromium).")
    missing = [package for package in missing if package != "chromium"]
    if missing:
        hint = f"as root: apt-get install {' '.join(missing)}" if is_debian() else "with your package manager"
        return fail(f"the tests need {' and '.join(missing)}; install them ({hint}).")
    return 0


def has(program: str) -> bool:
    """Whether a program is on PATH or among the system's."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def has_browser() -> bool:
    """Whether the tests will find a Chromium: the system's or Playwright's."""
    return any(has(name) for name in BROWSERS) or playwright_browser() is not None


def playwright_browser() -> Path | None:
    """Where Playwright's own Chromium is, if it has been downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def install_playwright_browser() -> bool:
    """Let Playwright download its Chromium (on Linux it may still lack system libraries; it says which)."""
    print("Downloading Chromium for Playwright", file=sys.stderr)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return subprocess.run(command, check=False).returncode == 0


def is_debian() -> bool:
    """Debian and what is made from it."""
    return Path("/etc/debian_version").exists() and has("apt-get")


def apt_install(packages: list[str]) -> int:
    """apt-get, without questions and without starting daemons."""
    print(f"Installing {' '.join([*packages, HEADLESS_SHELL])} (Debian packages)", file=sys.stderr)
    is_new = apt_get("update")
    if packages and not (is_new and apt_get("install", "--no-install-recommends", *packages)):
        return fail(f"apt-get failed, see above; the tests need {' '.join(packages)}.")
    if not apt_get("install", "--no-install-recommends", HEADLESS_SHELL):
        print(
            f"Without {HEADLESS_SHELL} the tests drive the whole Chromium, and take longer.", file=sys.stderr
        )
    return 0


def apt_get(command: str, *arguments: str) -> bool:
    """Whether it did it."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    arguments = (command, "-y", "-qq", *arguments)
    done = subprocess.run(["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def fail(message: str) -> int:
    """One clear line."""
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(main())
