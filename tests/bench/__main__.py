"""`python -m tests.bench [name …]`: measure speed and memory on this machine. Prints, and asserts nothing."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import figures, site

NAMES = ("reception", "large", "reading", "page", "live", "contention", "hostile", "sockets", "start")
#: Beyond this somebody else is at work, and figures say little.
BUSY_LOAD = 1.0
DONE_WITHIN_SECONDS = 240


def main() -> int:
    """Each benchmark runs in a process and a data directory of its own."""
    arguments = _arguments()
    if arguments.child:
        return _measure(arguments.names[0], Path(arguments.child))
    directory = Path(tempfile.mkdtemp(prefix="tempmail-bench-", dir=arguments.dir))
    try:
        print("\n".join(figures.describe_machine(directory)))
        print("Figures are min / median / max of the runs, or percentiles of the requests.\n", flush=True)
        failed = [name for name in arguments.names or NAMES if not _run(name, directory)]
    finally:
        if not arguments.keep:
            shutil.rmtree(directory, ignore_errors=True)
    if failed:
        print(f"could not be measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    about = "\n".join(f"  {name:<11} {_about(name)}" for name in NAMES)
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures speed and memory with real processes in a directory of their own.",
        epilog=f"benchmarks:\n{about}\n\nA busy machine's figures say little; its load is printed with them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="which to run (all)", choices=[*NAMES, []])
    parser.add_argument(
        "--dir",
        default="/var/tmp" if Path("/var/tmp").is_dir() else None,
        help="where the data goes: a real disk, for a sync in memory costs nothing (%(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the data directories and their logs")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def _about(name: str) -> str:
    source = Path(__file__).with_name(f"{name}.py").read_text()
    return source.partition('"""')[2].partition('"""')[0].strip()


def _run(name: str, directory: Path) -> bool:
    data_dir = directory / name
    data_dir.mkdir(mode=0o700)
    print(f"{name}: {_about(name)}")
    print(f"  load {figures.load()}{' — BUSY' if os.getloadavg()[0] > BUSY_LOAD else ''}", flush=True)
    began_at = time.monotonic()
    command = [sys.executable, "-m", "tests.bench", "--child", str(data_dir), name]
    try:
        code = subprocess.run(command, cwd=site.PROJECT, check=False, timeout=DONE_WITHIN_SECONDS).returncode
    except subprocess.TimeoutExpired:
        code = 1
        print(f"  not done after {DONE_WITHIN_SECONDS} s")
    print(f"  took {time.monotonic() - began_at:.0f} s\n", flush=True)
    return code == 0


def _measure(name: str, data_dir: Path) -> int:
    site.prepare_environment(data_dir)
    measure = importlib.import_module(f"tests.bench.{name}").measure
    for line in measure(site.Site(data_dir)):
        print(line.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
