"""What has to be in the database before anything works. Run at every start; does nothing the second time."""

from django.conf import settings
from django.db import transaction

from inbox.address_key import check_canary
from inbox.addresses import AddressError, canonical_domain
from inbox.models import Domain, Installation, Policy


def ensure_rows() -> None:
    """Policy, installation and, in an empty database, the domains from the environment.

    Raises ImproperlyConfigured when the address key is not this database's.
    """
    Installation.row()
    check_canary()
    with transaction.atomic():  # a name that is none leaves the database new, for the next try
        _policy, is_new = Policy.objects.get_or_create(id=1)
        if is_new and not Domain.objects.exists():
            for name in settings.TEMPMAIL_DOMAINS:
                try:
                    Domain.objects.get_or_create(name=canonical_domain(name.strip()))
                except AddressError:
                    raise SystemExit(f"TEMPMAIL_DOMAINS: {name!r} is not a domain name.") from None
