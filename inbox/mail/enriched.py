"""text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341) as plain text."""

import re

_TOKEN = re.compile(r"<<|<(/?)([A-Za-z][A-Za-z0-9-]{0,59})(?:\s[^<>]{0,200})?>|\n+|[^<\n]+|<")
# What stands in these is said to programs.
_SILENT = frozenset(("param", "comment"))
# A second of work; no letter has as many commands.
_MOST_TOKENS = 200_000
_OF_RICHTEXT = {"lt": "<", "nl": "\n", "np": "\n\n", "paragraph": "\n"}


def text_of_enriched(text: str) -> str:
    """The words of `text`: "<<" is a "<", one line end is a blank, of several the first is none. Linear."""
    out: list[str] = []
    silent = unfilled = 0
    position = 0
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number >= _MOST_TOKENS:
            break
        position = token.end()
        shown = token[0]
        command = token[2]
        if command is not None:
            command, is_closing = command.lower(), bool(token[1])
            if command in _SILENT:
                silent = max(0, silent + (-1 if is_closing else 1))
            elif command == "nofill":
                unfilled = max(0, unfilled + (-1 if is_closing else 1))
            shown = _OF_RICHTEXT.get(command, "")
        elif shown == "<<":
            shown = "<"
        elif shown[0] == "\n" and not unfilled:
            shown = shown[1:] or " "
        if not silent:
            out.append(shown)
    if silent:
        # Never closed: better words of a program's than none of the sender's.
        return "".join(out) + text[position:] if "".join(out).strip() else text
    return ("".join(out) + text[position:]).rstrip()
