"""Nobody but delivery and retention writes messages: every lock, counter and revision is in these two."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

WRITERS = {"inbox/delivery.py", "inbox/retention.py"}
WRITING = {
    *("create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete"),
    *("acreate", "abulk_create", "aget_or_create", "aupdate_or_create", "aupdate", "abulk_update", "adelete"),
    *("save", "asave", "_raw_delete", "add", "set", "clear", "remove"),
}


def sources() -> list[Path]:
    """Ours, without what makes the tables."""
    packages = [ROOT / name for name in ("inbox", "smtpd", "tempmail_site")]
    found = [path for package in packages for path in package.rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def writes(source: str) -> Iterator[str]:
    """Each place in a module that makes, changes or erases messages, as far as its text tells."""
    tree = ast.parse(source)
    ours = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inbox.models")
        for name in node.names
        if name.name == "Message"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.lower().replace('"', "").split()
            if "inbox_message" in words and {"insert", "update", "delete"}.intersection(words):
                yield f"line {node.lineno}: SQL"
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ours:
            yield f"line {node.lineno}: a new one"
        if isinstance(node.func, ast.Attribute) and node.func.attr in WRITING:
            names = set(names_in(node.func.value))
            if ours & names or "messages" in names or (ours and "message" in names):
                yield f"line {node.lineno}: .{node.func.attr}()"


def names_in(node: ast.AST) -> Iterator[str]:
    """The names that a chain of calls and attributes begins with and goes through."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            yield node.attr
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            if isinstance(node, ast.Name):
                yield node.id
            return


def test_only_delivery_and_retention_write_messages() -> None:
    found = {str(path.relative_to(ROOT)): list(writes(path.read_text())) for path in sources()}
    others = {name: places for name, places in found.items() if places and name not in WRITERS}
    assert not others
    assert all(found[name] for name in WRITERS), "the writers are not seen"


@pytest.mark.parametrize(
    "line",
    [
        "Message.objects.filter(pk=1).update(is_read=True)",
        "Message.objects.create(mailbox=mailbox)",
        "Message(mailbox=mailbox).save()",
        "mailbox.messages.all().delete()",
        "message.save(update_fields=['is_read'])",
        "cursor.execute('UPDATE inbox_message SET is_read = 1')",
    ],
)
def test_such_a_line_is_seen(line: str) -> None:
    assert list(writes(f"from inbox.models import Message\n{line}\n"))
