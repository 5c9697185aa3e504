"""One file a model; this page is the table of contents."""

from inbox.models.domain import Domain
from inbox.models.grant import Grant
from inbox.models.installation import Installation
from inbox.models.mailbox import Mailbox
from inbox.models.message import Message
from inbox.models.notice import Notice
from inbox.models.policy import Policy
from inbox.models.presence import Presence
from inbox.models.source import LooseSource, Source, SourceChunk
from inbox.models.tombstone import Tombstone

__all__ = [
    "Domain",
    "Grant",
    "Installation",
    "LooseSource",
    "Mailbox",
    "Message",
    "Notice",
    "Policy",
    "Presence",
    "Source",
    "SourceChunk",
    "Tombstone",
]
