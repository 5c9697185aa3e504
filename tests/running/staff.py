"""Somebody who tunes the policy in the admin, by plain HTTP."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.faults.visitor import Visitor

POLICY = "/admin/inbox/policy/1/change/"


class _Fields(HTMLParser):
    """What a form holds, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = dict(attributes)
        if tag == "select":
            self._select = has.get("name") or ""
        elif tag == "option" and "selected" in has:
            self.values[self._select] = has.get("value") or ""
        elif tag == "input" and has.get("name") and has.get("type") not in ("submit", "checkbox"):
            self.values[str(has["name"])] = has.get("value") or ""


class Staff(Visitor):
    """Logged in, with the password of the test's data directory."""

    def log_in(self) -> None:
        self.get("/admin/login/")
        assert self.post("/admin/login/", username="admin", password="a long password", next="/admin/") == 302

    def set_policy(self, **changed: str) -> None:
        """Save the policy with these fields changed; returns when the admin says that it is saved."""
        fields = _Fields()
        fields.feed(self.get(POLICY))
        assert changed.keys() <= fields.values.keys()
        assert self.post(POLICY, **{**fields.values, **changed, "_save": "Save"}) == 302, "refused"
