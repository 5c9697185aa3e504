"""manage.py staffsecret: the secret that opens the mail of postmaster@ and abuse@."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from inbox import staff
from inbox.logs import fault


class Command(BaseCommand):
    help = (
        "Make the staff mailbox, for mail to postmaster@ and abuse@ of every domain, and print the secret "
        "that opens it: on stdout, alone on its line, so that it can go into a pipe. It is printed once and "
        "stored nowhere. Staff type it in the admin under Staff mail."
    )

    requires_system_checks = ()  # works also where the web's part is broken

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--new",
            action="store_true",
            help="make a new one beside what is there: new mail opens with the new secret only, "
            "mail that is there already still opens with the old one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            staff.make(self._show, beside_others=options["new"])
        except staff.AlreadyThere as error:
            raise CommandError(
                "There is a staff mailbox; its secret was shown when it was made and is stored nowhere. "
                "--new makes a new one for the mail to come."
            ) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used ({fault(error)}). Was it set up? Run: make setup"
            ) from error
        except OSError as error:
            raise CommandError("The secret could not be printed, so nothing was changed.") from error
        self.stderr.write("Shown this once. Staff type it in the admin, under Staff mail.", self.style.NOTICE)

    def _show(self, secret: str) -> None:
        self.stdout.write(secret)
        self.stdout.flush()
