"""The project's settings on a data directory of this test run's own; nothing of the caller's environment."""

import os
import tempfile


def is_a_setting(name: str) -> bool:
    """Whether a variable of the environment is one of those that the settings read."""
    return name.startswith("TEMPMAIL_") or name in (
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "DEBUG",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "EMAIL_URL",
    )


for _name in filter(is_a_setting, list(os.environ)):
    del os.environ[_name]

#: Removed at the end of the session (conftest.py).
os.environ["TEMPMAIL_DATA_DIR"] = tempfile.mkdtemp(prefix="tempmail-tests-")
#: Nobody is asked about senders, unless a test says whom to ask.
os.environ["TEMPMAIL_RESOLVER"] = "127.0.0.1:9"

from tempmail_site.settings import *  # noqa: E402, F403

# Commands that tests start are to have the real settings, on whatever data directory they are given.
os.environ["DJANGO_SETTINGS_MODULE"] = "tempmail_site.settings"
