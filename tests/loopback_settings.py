"""The real settings for commands that tests start, but remote pictures may come from this machine."""

from tempmail_site.settings import *  # noqa: F403

PICTURES_FROM_LOOPBACK = True
