"""What has to be in the database before anything works. Run at every start; does nothing the second time."""

from django.conf import settings

from inbox.address_key import check_canary
from inbox.addresses import AddressError, canonical_domain
from inbox.models import Domain, Installation, Policy


def ensure_rows() -> None:
    """Policy, installation and, in an empty database, the domains from the environment.

    Raises ImproperlyConfigured when the address key is not this database's.
    """
    is_new = not Policy.objects.exists()
    Policy.objects.get_or_create(id=1)
    Installation.row()
    check_canary()
    if is_new and not Domain.objects.exists():
        for name in settings.TEMPMAIL_DOMAINS:
            try:
                Domain.objects.get_or_create(name=canonical_domain(name.strip()))
            except AddressError:
                raise SystemExit(f"TEMPMAIL_DOMAINS: {name!r} is not a domain name.") from None
