#!/usr/bin/env python3
"""Make .venv and install into it what pyproject.toml asks for, at the versions of constraints.txt.

Does nothing when that has been done already. With --dev, also what the tests and checks need.
"""

# Nothing here may need a new Python or an installed package: it is here that their lack is told.

import argparse
import hashlib
import os
import subprocess
import sys

LEAST_PYTHON = (3, 11)
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(HERE, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, ".installed")


def main():
    if sys.version_info < LEAST_PYTHON:
        return try_a_newer_python()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what the tests and checks need")
    dev = parser.parse_args().dev
    wanted = digest()
    if wanted in stamp() and ("dev" in stamp() or not dev):
        return 0
    if not works(VENV_PYTHON):
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            return fail("this Python makes no virtual environments; on Debian: apt-get install python3-venv.")
        say("Making .venv")
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
            return fail("%s -m venv failed, see above." % sys.executable)
    say("Installing packages (the first time takes a minute)")
    command = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--constraint", os.path.join(HERE, "constraints.txt")] + requirements(dev)
    if subprocess.call(command) != 0:
        return fail("pip could not install everything, see above.")
    with open(STAMP, "w") as file:
        file.write(wanted + (" dev" if dev else ""))
    return 0


def requirements(dev):
    import tomllib

    with open(os.path.join(HERE, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    return project["dependencies"] + (project["optional-dependencies"]["dev"] if dev else [])


def digest():
    """Names what would be installed."""
    hashed = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(HERE, name), "rb") as file:
            hashed.update(file.read())
    return hashed.hexdigest()


def stamp():
    """What was installed last: a digest, and "dev" if that too; empty when the Python behind it is gone."""
    try:
        with open(STAMP) as file:
            return file.read().split() if os.path.exists(VENV_PYTHON) else []
    except OSError:
        return []


def works(python):
    """Not so when the Python that it was made from has been removed, or is too old."""
    probe = "import sys, pip; sys.exit(sys.version_info < (%d, %d))" % LEAST_PYTHON
    try:
        return subprocess.call([python, "-c", probe], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def try_a_newer_python():
    """Start again with the newest python3.N on PATH that can run; else say what is needed."""
    for minor in range(15, LEAST_PYTHON[1] - 1, -1):
        for directory in os.environ.get("PATH", "").split(os.pathsep):
            found = os.path.join(directory, "python3.%d" % minor)
            if os.access(found, os.X_OK) and subprocess.call([found, "-c", ""]) == 0:
                os.execv(found, [found] + sys.argv)
    return fail("Python %d.%d or newer is needed; this is %d.%d." % (LEAST_PYTHON + sys.version_info[:2]))


def say(message):
    sys.stderr.write(message + "\n")


def fail(message):
    sys.stderr.write("error: %s\n" % message)
    return 1


if __name__ == "__main__":
    sys.exit(main())
