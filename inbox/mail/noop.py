"""Marks texts for translators: in a worker, where mail is read, there is no Django to do so."""


def gettext_noop(text: str) -> str:
    """The text as it is. makemessages finds it by this name; sayings.py translates it where it is shown."""
    return text
