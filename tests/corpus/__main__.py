"""`python -m tests.corpus DIR`: every message in a folder through real reception and reading, with a report.

Exit status: 0 when all is well, 1 when anything was refused, raised, came out empty or took over a second,
2 when there is nothing to try.
"""

from __future__ import annotations

import argparse
import collections
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import site
from tests.corpus import sheet
from tests.corpus.trial import SLOW_SECONDS, Kind, Sender, Trial, try_message


def main() -> int:
    """Try all, tell of each problem as it is found, and sum up."""
    arguments = _arguments()
    try:
        paths = [path for name in arguments.folders for path in _messages(Path(name))]
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not paths:
        print("error: no files there", file=sys.stderr)
        return 2
    data_dir = Path(tempfile.mkdtemp(prefix="tempmail-corpus-"))
    try:
        trials = _try_all(paths, data_dir, arguments.sheet)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    return _sum_up(trials)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus",
        description="Sends every file below the folders to a listener of its own, opens what arrives, and "
        "reports what was refused, raised, came out empty or took over a second.",
        epilog="Files are sent as they are, whatever their names, with CRLF for lone line feeds. Names that "
        "begin with a dot are left out. Times are CPU time, of reception the wait for the answer.",
    )
    parser.add_argument("folders", nargs="+", metavar="DIR", help="a folder of messages, one a file")
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FOLDER",
        help="also open each in Chromium, and write a contact sheet to go through into this folder",
    )
    return parser.parse_args()


def _messages(folder: Path) -> Iterator[Path]:
    """Every file below a folder (or a single file). Raises OSError if it is not there."""
    if folder.is_file():
        yield folder
        return
    os.scandir(folder).close()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _try_all(paths: list[Path], data_dir: Path, folder: Path | None) -> list[Trial]:
    site.prepare_environment(data_dir)
    here = site.Site(data_dir)
    here.set_up(quota=True)
    trials = []
    with here.listener():
        sender = Sender(here)
        for path in paths:
            trials.append(try_message(here, sender, path))
            for problem in trials[-1].problems:
                print(f"{problem.kind:<8} {problem.path}: {problem.what}", flush=True)
        if folder is not None:
            print(f"Writing {folder / 'index.html'}", flush=True)
            with here.web():
                sheet.write(here, trials, folder)
    return trials


def _sum_up(trials: list[Trial]) -> int:
    found = collections.Counter(problem.kind for trial in trials for problem in trial.problems)
    told = ", ".join(f"{found[kind]} {kind}" for kind in Kind)
    print(f"{len(trials)} messages: {told} (over {SLOW_SECONDS:.0f} s)")
    slowest: dict[str, tuple[float, Path]] = {}
    for trial in trials:
        for step, seconds in trial.took.items():
            slowest[step] = max(slowest.get(step, (0.0, trial.path)), (seconds, trial.path))
    for step, (seconds, path) in slowest.items():
        print(f"  {step:<12} at most {seconds:.3f} s ({path.name})")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
