"""When a mailbox ends, by its timer, its last message, its age and the policy. No queries.

timer_started_at + lifetime        = expires_at, when it is hidden and refuses mail
expires_at       + grace           = purge_at, when it is erased
"""

from datetime import datetime, timedelta

from inbox.models import Mailbox, Policy

#: How long a mailbox waits for its cookie to come back.
PROVISIONAL = timedelta(minutes=5)

#: A view writes the timer only if it gains this much: a page that is loaded ten times is one write.
WORTH_WRITING = timedelta(minutes=1)


def full_end(mailbox: Mailbox, policy: Policy) -> datetime:
    """When the mailbox is hidden, once it is confirmed. The greatest age always wins."""
    end = mailbox.timer_started_at + policy.lifetime
    if mailbox.last_message_at is not None:
        end = max(end, mailbox.last_message_at + policy.shortest_reading_time)
    return min(end, mailbox.created_at + policy.greatest_age)


def set_ends(mailbox: Mailbox, policy: Policy) -> None:
    """Work out `expires_at` and `purge_at` anew."""
    end = full_end(mailbox, policy)
    mailbox.policy_version = policy.version
    if mailbox.provisional:
        mailbox.expires_at = mailbox.purge_at = min(end, mailbox.created_at + PROVISIONAL)
    else:
        mailbox.expires_at = end
        mailbox.purge_at = end + policy.grace


def follow_policy(mailbox: Mailbox, policy: Policy, now: datetime) -> None:
    """Work them out for a changed policy. What has ended stays ended: only its grace may change, and that
    no more once it is over. What is noted as later than `now` was noted by a clock that has been put back.
    """
    if mailbox.expires_at > now:
        mailbox.created_at = min(mailbox.created_at, now)
        mailbox.timer_started_at = min(mailbox.timer_started_at, now)
        if mailbox.last_message_at is not None:
            mailbox.last_message_at = min(mailbox.last_message_at, now)
        set_ends(mailbox, policy)
        return
    mailbox.policy_version = policy.version
    if mailbox.purge_at > now:
        mailbox.purge_at = mailbox.expires_at + policy.grace


def shown_end(mailbox: Mailbox, policy: Policy) -> datetime:
    """What the page counts down to: the full end from the start."""
    return full_end(mailbox, policy) if mailbox.provisional else mailbox.expires_at


def longest_rest(mailbox: Mailbox, policy: Policy, now: datetime) -> timedelta:
    """How long the mailbox can still matter to its holder, whatever is done: its cookie's Max-Age."""
    return max(mailbox.created_at + policy.greatest_age + policy.grace - now, timedelta(0))


#: The columns that `set_ends` changes.
END_FIELDS = (
    "policy_version",
    "expires_at",
    "purge_at",
    "provisional",
    "timer_started_at",
    "last_message_at",
)
#: The columns that `follow_policy` changes.
FOLLOWED_FIELDS = ("created_at", *END_FIELDS)
