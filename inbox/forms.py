"""What people type, read once and checked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inbox.access import MAX_LABEL


class NewMailboxForm(forms.Form):
    """Both may be empty: then the name is made up, and the domain is the next one."""

    name = forms.CharField(required=False, max_length=200)
    domain = forms.CharField(required=False, max_length=255)


class LabelForm(forms.Form):
    """A name of one's own for a mailbox; empty takes it away."""

    label = forms.CharField(
        required=False,
        max_length=MAX_LABEL,
        error_messages={"max_length": _("At most %(limit_value)d characters.")},
    )
