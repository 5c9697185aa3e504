"""Which domain a new mailbox gets: by weight, and another than the last one where there is a choice."""

from __future__ import annotations

from collections import Counter

import pytest

from inbox import rotation
from inbox.models import Domain, Policy


@pytest.fixture
def domains(rows: Policy) -> list[Domain]:
    """Offered with weights 1, 3 and 0; a resting one beside them."""
    Domain.objects.all().delete()
    for name, weight in (("one.example", 1), ("three.example", 3), ("none.example", 0)):
        Domain.objects.create(name=name, weight=weight)
    resting = next(state for state in Domain.State if state != Domain.State.OFFERED)
    Domain.objects.create(name="resting.example", weight=9, state=resting)
    return rotation.offered_domains()


def test_domains_are_picked_by_weight_and_one_of_weight_zero_never(domains: list[Domain]) -> None:
    picked = Counter(rotation.pick(domains).name for _ in range(4000))

    assert set(picked) == {"one.example", "three.example"}
    # 3,000 of 4,000 are expected; ten times what chance explains is less than that.
    assert 2720 < picked["three.example"] < 3280


def test_the_last_domain_is_not_picked_again_where_there_is_a_choice(domains: list[Domain]) -> None:
    assert {rotation.pick(domains, not_again="three.example").name for _ in range(50)} == {"one.example"}
    alone = [domain for domain in domains if domain.name == "three.example"]
    assert rotation.pick(alone, not_again="three.example").name == "three.example"


def test_where_no_weight_is_left_there_is_no_domain(domains: list[Domain]) -> None:
    Domain.objects.update(weight=0)
    with pytest.raises(rotation.NoDomain):
        rotation.pick(rotation.offered_domains())
