"""The operator's console. One site of our own: what is not named in here is not to be seen there.

So django-q2's pages, where a schedule can name any function, and axes' pages are nowhere; nor are
mailboxes, messages, grants and keys.
"""

from inbox.admin import domains, policy, staff_users
from inbox.admin.site import site

__all__ = ["domains", "policy", "site", "staff_users"]
