"""Whatever arrives has a row and opens: `python -m tests.corpus` as people run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.site import PROJECT
from tests.corpus import small

#: Messages of other projects, which are not ours to hand on; tried where they lie beside the project.
SAMPLES = Path(os.environ.get("MAIL_SAMPLES", PROJECT.parent / "shared" / "mail-samples"))


def run(*folders: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.corpus", *map(str, folders)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_whatever_arrives_has_a_row_and_opens(tmp_path: Path) -> None:
    count = small.write(tmp_path)
    folders = [tmp_path]
    if SAMPLES.is_dir():
        folders.append(SAMPLES)
        count += sum(path.is_file() for path in SAMPLES.rglob("*"))

    tried = run(*folders)

    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert f"{count} messages: 0 refused, 0 raised, 0 empty, 0 slow" in tried.stdout


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} (MAIL_SAMPLES) is not there: no samples tried")
def test_the_samples_of_other_projects_were_among_them() -> None:
    assert any(path.is_file() for path in SAMPLES.rglob("*"))


def test_a_message_that_is_refused_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "fine.eml").write_bytes(b"Subject: fine\r\n\r\nHello.\r\n")
    with (tmp_path / "too-large.eml").open("wb") as file:
        file.truncate(25_100_000)

    sheet = tmp_path / ".sheet"

    tried = run(tmp_path, "--sheet", sheet)

    page = (sheet / "index.html").read_text()
    assert (page.count("<figure>"), page.count("<img ")) == (2, 1)
    assert f"{tmp_path}/too-large.eml<br><b>refused: 552 " in page
    assert (sheet / "0000.png").read_bytes().startswith(b"\x89PNG")
    assert tried.returncode == 1, tried.stdout + tried.stderr
    assert f"refused  {tmp_path / 'too-large.eml'}: 552" in tried.stdout
    assert "2 messages: 1 refused, 0 raised" in tried.stdout


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    tried = run(tmp_path / "nowhere")

    assert tried.returncode == 2
    assert tried.stderr.startswith("error:")
    assert "Traceback" not in tried.stderr
