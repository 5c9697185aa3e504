"""`python -m tests.fuzz [seconds] [target …]`: fuzz each target for so many seconds; finds go to cases/."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = Path(__file__).with_name("cases")
ROOT = CASES.parents[2]
NAMES = ("parse", "summary", "frame", "codes", "links", "search")
# As long as a shrunken find needs to be; more only makes each run slower.
LONGEST_INPUT = 4096
MOST_FINDS = 5


def main() -> int:
    """Each target runs in a process of its own, for libFuzzer ends its process with the first find."""
    arguments = _arguments()
    if importlib.util.find_spec("atheris") is None:
        print(
            "error: fuzzing needs atheris, which has wheels for Linux on x86 only (Python below 3.14)."
            " The ordinary tests replay the cases found so far.",
            file=sys.stderr,
        )
        return 2
    if arguments.child:
        _fuzz(arguments.targets[0], arguments.child)
        return 0
    finds = [find for name in arguments.targets or NAMES for find in _run(name, arguments.seconds)]
    for find in finds:
        print(f"found: {find.relative_to(ROOT)}")
    return 1 if finds else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each target (%(default)s)")
    parser.add_argument("targets", nargs="*", choices=[*NAMES, []], metavar="target", help=", ".join(NAMES))
    parser.add_argument("--child", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(name: str, seconds: int) -> list[Path]:
    """Fuzz one target until its time is over or it has been broken often enough."""
    finds: list[Path] = []
    ends_at = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="tempmail-fuzz-") as directory:
        corpus, artifacts = Path(directory, "corpus"), Path(directory, "artifacts")
        artifacts.mkdir()
        _sow(name, corpus)
        while (left := int(ends_at - time.monotonic())) > 0 and len(finds) < MOST_FINDS:
            command = [sys.executable, "-m", "tests.fuzz", "1", name, "--child", str(corpus)]
            command += [f"-max_total_time={left}", f"-max_len={LONGEST_INPUT}", "-timeout=20"]
            command += ["-rss_limit_mb=2048", f"-artifact_prefix={artifacts}/", "-print_final_stats=1"]
            ended = subprocess.run(
                command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False
            )
            print(f"{name}: {_said(ended.stderr)}", flush=True)
            if ended.returncode == 0:
                break
            found = [_keep(name, path) for path in sorted(artifacts.iterdir())]
            print("\n".join(ended.stdout.splitlines()[-8:]) + "\n" + _reason(ended.stderr), flush=True)
            if not found:
                raise RuntimeError(f"{name}: fuzzing ended with {ended.returncode} and left no case")
            finds += found
    return finds


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def _sow(name: str, corpus: Path) -> None:
    """Begin with what we know of mail, so that the first minutes are not spent on learning colons."""
    from tests.mail.corpus import MESSAGES
    from tests.mail.vectors import VECTORS

    corpus.mkdir()
    known = [source for source in MESSAGES.values() if len(source) < LONGEST_INPUT]
    known += [vector.encode("utf-8", "replace") for vector in VECTORS]
    for seed in known:
        digest = hashlib.sha256(seed).hexdigest()[:16]
        (corpus / digest).write_bytes(b"\x01" + seed)
    for path in (CASES / name).glob("*"):
        shutil.copy(path, corpus)


def _keep(name: str, artifact: Path) -> Path:
    content = artifact.read_bytes()
    kept = CASES / name / hashlib.sha256(content).hexdigest()[:16]
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(content)
    artifact.unlink()
    return kept


def _said(log: str) -> str:
    figures = [line.partition("stat::")[2] for line in log.splitlines() if line.startswith("stat::")]
    progress = [line for line in log.splitlines() if " cov: " in line]
    words = [" ".join(line.replace(":", "").split()) for line in figures[:2]]
    return ", ".join([*words, *(progress[-1].split("\t")[-1:] if progress else [])])


def _reason(log: str) -> str:
    lines = log.splitlines()
    start = next(
        (at for at, line in enumerate(lines) if "Uncaught" in line or "ERROR" in line), len(lines) - 12
    )
    return "\n".join(lines[max(0, start) : start + 14])


def _fuzz(name: str, options: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["inbox.mail"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
