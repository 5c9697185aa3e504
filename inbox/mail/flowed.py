"""format=flowed (RFC 3676): lines that a program broke, put together again; the depth of quotes kept."""

import re

_QUOTED = re.compile(r">+")
_SIGNATURE = "-- "


def unflowed(text: str, *, is_delsp: bool) -> str:
    """`text` with its soft line ends undone. Quoted lines begin with "> " for each level. Linear."""
    out: list[str] = []
    paragraph: list[str] = []
    open_depth = -1

    def close() -> None:
        nonlocal open_depth
        if paragraph:
            out.append("> " * open_depth + "".join(paragraph))
            paragraph.clear()
        open_depth = -1

    for line in text.split("\n"):
        quoted = _QUOTED.match(line)
        depth = quoted.end() if quoted is not None else 0
        content = line[depth:]
        content = content[1:] if content.startswith(" ") else content  # space-stuffing (4.4)
        if depth != open_depth or content == _SIGNATURE:
            close()
        if content == _SIGNATURE:
            out.append("> " * depth + content)
        elif content.endswith(" "):
            open_depth = depth
            paragraph.append(content[:-1] if is_delsp else content)
        else:
            open_depth = depth
            paragraph.append(content)
            close()
    close()
    return "\n".join(line.rstrip() if line.strip("> ") == "" else line for line in out)
