#!/usr/bin/env python3
"""The commands of this project: ./manage.py help"""

# Nothing in this file may need a new Python or an installed package: it is here that their lack is told.

import gc
import os
import sys

LEAST_PYTHON = (3, 11)


def main():
    if sys.version_info < LEAST_PYTHON:
        return fail("Python %d.%d or newer is needed; this is %d.%d." % (LEAST_PYTHON + sys.version_info[:2]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")
    gc.disable()  # what loading makes stays; InboxConfig.ready() turns it on again
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from inbox.running.data_dir import DataDirUnusable
    except ImportError as error:
        return fail("%s. Run `make setup` and use .venv/bin/python." % error)
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, DataDirUnusable) as error:
        return fail(" ".join(str(error).split()))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("inbox", "smtpd", "tempmail_site"):
            raise
        return fail("%s. Run `make setup` and use .venv/bin/python." % error)
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # else the interpreter looks through everything once more, a quarter of a second, to end
    return 0


def fail(message):
    sys.stderr.write("error: %s\n" % message)
    return 1


if __name__ == "__main__":
    sys.exit(main())
