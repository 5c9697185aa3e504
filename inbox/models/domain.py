"""The domains whose mail we take."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inbox.addresses import AddressError, canonical_domain


class DomainQuerySet(models.QuerySet["Domain"]):
    def offered(self) -> "DomainQuerySet":
        """Those that new mailboxes may get."""
        return self.filter(state=Domain.State.OFFERED, weight__gt=0).order_by("name")


class Domain(models.Model):
    """A domain of ours. Mail for its living mailboxes is taken in every state."""

    class State(models.TextChoices):
        OFFERED = "offered", _("offered to new mailboxes")
        RESTING = "resting", _("resting: mail is taken, no new mailboxes")

    name = models.CharField(
        _("name"),
        max_length=255,
        unique=True,
        help_text=_("Such as one.example. Its MX record points at this server. Kept in lower case."),
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OFFERED)
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=1,
        validators=[MaxValueValidator(1000)],
        help_text=_("Its share among the offered domains. With 0 it is never given out by itself."),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects: ClassVar[models.Manager["Domain"]] = DomainQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=["offered", "resting"]), name="domain_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            self.name = canonical_domain(self.name.strip())
        except AddressError as error:
            raise ValidationError(
                {"name": _("This is not a domain name. Write it like one.example.")}
            ) from error
        if "." not in self.name:
            raise ValidationError({"name": _("A domain has a dot in it. Write it like one.example.")})
