"""Which domain a new mailbox gets."""

import secrets
from collections.abc import Sequence

from inbox.models import Domain


class NoDomain(Exception):
    """No domain is offered."""


def offered_domains() -> list[Domain]:
    """Those a person may choose among, by name."""
    return list(Domain.objects.offered())


def pick(domains: Sequence[Domain], not_again: str = "") -> Domain:
    """One of `domains` by weight; never `not_again` when there is a choice. Raises NoDomain."""
    choice = [domain for domain in domains if domain.name != not_again] or list(domains)
    total = sum(domain.weight for domain in choice)
    if not total:
        raise NoDomain
    point = secrets.randbelow(total)
    for domain in choice:
        point -= domain.weight
        if point < 0:
            return domain
    raise AssertionError("weights changed while picking")
