"""`python -m tests.mail.golden --update` writes the golden results anew; without it, says which differ."""

import sys

from tests.mail.golden import NAMES, expected, shown, source_of, update

if "--update" in sys.argv[1:]:
    print("\n".join(update()) or "nothing changed")
else:
    differing = [name for name in NAMES if shown(source_of(name)) != expected(name)]
    print("\n".join(differing) or "all as they should be")
    sys.exit(bool(differing))
