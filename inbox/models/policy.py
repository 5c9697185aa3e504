"""The retention settings that the admin tunes while everything runs."""

import time
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

#: How long a process may go on with the settings it read: a change is to take effect within two
#: seconds everywhere.
FRESH_SECONDS = 1.0

MEGABYTE = 1_000_000

#: Beyond this dates run out of years; and no disposable mailbox is kept for ten years.
LONGEST = timedelta(days=3650)


class Policy(models.Model):
    """One row, with id 1."""

    class TimerStart(models.TextChoices):
        CREATION = "creation", _("when the mailbox is made")
        LAST_VIEW = "last_view", _("when it was last looked at")

    class GraceAnswer(models.TextChoices):
        REFUSE = "refuse", _("refuse mail (550)")
        ACCEPT = "accept", _("accept mail, shown if it is brought back")

    lifetime = models.DurationField(
        _("shown for"),
        default=timedelta(minutes=90),
        help_text=_("How long a mailbox is shown and takes mail. Hours:minutes:seconds."),
    )
    timer_start = models.CharField(
        _("timer starts"), max_length=16, choices=TimerStart.choices, default=TimerStart.LAST_VIEW
    )
    grace = models.DurationField(
        _("kept for"),
        default=timedelta(minutes=30),
        help_text=_("How long an ended mailbox is kept, unshown, so that its holder can bring it back."),
    )
    grace_answer = models.CharField(
        _("an ended mailbox will"), max_length=16, choices=GraceAnswer.choices, default=GraceAnswer.REFUSE
    )
    shortest_reading_time = models.DurationField(
        _("shortest reading time"),
        default=timedelta(minutes=5),
        help_text=_("A message that comes near the end is shown for at least this long."),
    )
    greatest_age = models.DurationField(
        _("greatest age"),
        default=timedelta(days=7),
        help_text=_("No mailbox is shown for longer than this after it was made, whatever happens."),
    )
    max_message_bytes = models.PositiveIntegerField(
        _("largest message"),
        default=25 * MEGABYTE,
        validators=[MinValueValidator(64_000), MaxValueValidator(100 * MEGABYTE)],
        help_text=_("In bytes. Larger mail is refused (552)."),
    )
    quota_messages = models.PositiveIntegerField(
        _("messages in a mailbox"), default=500, validators=[MinValueValidator(1)]
    )
    quota_bytes = models.PositiveBigIntegerField(
        _("bytes in a mailbox"),
        default=100 * MEGABYTE,
        validators=[MinValueValidator(64_000)],
        help_text=_("A mailbox over one of the two limits takes no more mail (452)."),
    )
    free_disk_floor_bytes = models.PositiveBigIntegerField(
        _("free disk to keep"),
        default=200 * MEGABYTE,
        help_text=_(
            "In bytes. With less left on the disk, mail is put off (452); reading and deleting still work."
        ),
    )
    mailboxes_per_browser = models.PositiveSmallIntegerField(
        _("mailboxes in a browser"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(40)],
        help_text=_("At most 40, for each needs a cookie."),
    )
    new_mailboxes_burst = models.PositiveIntegerField(
        _("new mailboxes at once"),
        default=100,
        validators=[MinValueValidator(1)],
        help_text=_("How many one peer may make at once (an IPv4 address, or an IPv6 /64)."),
    )
    new_mailboxes_per_hour = models.PositiveIntegerField(
        _("new mailboxes an hour"),
        default=360,
        validators=[MinValueValidator(1)],
        help_text=_("How many one peer may make an hour in the long run."),
    )
    version = models.PositiveBigIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policy")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="policy_is_one_row"),
        ]

    _read_at: ClassVar[float] = 0.0
    _current: ClassVar[Any] = None

    def __str__(self) -> str:
        return str(_("Policy"))

    @classmethod
    def current(cls) -> Self:
        """The policy in force, at most a second old in this process."""
        current = cls._current  # read once: another thread may forget it at any moment
        if current is None or time.monotonic() - cls._read_at > FRESH_SECONDS:
            current = cls._current = cls.objects.get_or_create(id=1)[0]
            cls._read_at = time.monotonic()
        return current  # type: ignore[no-any-return]

    @classmethod
    def forget_current(cls) -> None:
        """Read anew at the next use."""
        cls._current = None

    @property
    def accepts_in_grace(self) -> bool:
        return self.grace_answer == self.GraceAnswer.ACCEPT

    def is_exceeded_by(self, messages: int, size_bytes: int) -> bool:
        """Whether a mailbox with this much in it takes no more."""
        return messages >= self.quota_messages or size_bytes >= self.quota_bytes

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raise the version: mailboxes behind it are owed a re-timing."""
        self.id = 1
        if not self._state.adding:
            self.version += 1
        super().save(*args, **kwargs)
        self.forget_current()

    def clean(self) -> None:
        problems: dict[str, Any] = {}
        if self.lifetime is not None and self.lifetime < timedelta(minutes=1):
            problems["lifetime"] = _("At least one minute.")
        if self.grace is not None and self.grace < timedelta(0):
            problems["grace"] = _("Not below zero.")
        for name in ("grace", "greatest_age"):
            if (value := getattr(self, name)) is not None and value > LONGEST:
                problems[name] = _("Not longer than ten years.")
        if (
            self.shortest_reading_time is not None
            and self.lifetime is not None
            and not timedelta(0) <= self.shortest_reading_time <= self.lifetime
        ):
            problems["shortest_reading_time"] = _("Between zero and the time a mailbox is shown for.")
        if self.greatest_age is not None and self.lifetime is not None and self.greatest_age < self.lifetime:
            problems["greatest_age"] = _("Not shorter than the time a mailbox is shown for.")
        if problems:
            raise ValidationError(problems)
