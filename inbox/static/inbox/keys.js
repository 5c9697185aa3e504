// Everything by keyboard. Single letters can be switched off, for those who speak to their machine.
import { dialogOpen } from "./dialogs.js";
import { keep, kept } from "./kept.js";

export function wireKeys({ reader, search, copy }) {
  const box = document.getElementById("keys-on");
  box.checked = kept("keys") !== "off";
  box.addEventListener("change", () => keep("keys", box.checked ? null : "off"));

  const act = {
    j: () => reader.step(1),
    k: () => reader.step(-1),
    ArrowDown: () => reader.step(1),
    ArrowUp: () => reader.step(-1),
    Escape: () => (reader.id ? reader.close() : search.end({ focus: true })),
    c: copy,
    o: () => reader.copyCode(),
    u: () => reader.markUnread(),
    n: () => document.getElementById("new").click(),
    "?": () => document.getElementById("help-open").click(),
    "/": () => search.begin(),
  };

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialogOpen()) return;
    if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
    const { key } = event;
    if (!Object.hasOwn(act, key) || (key.length === 1 && !box.checked)) return;
    if (event.repeat && !["j", "k", "ArrowDown", "ArrowUp"].includes(key)) return;
    // Arrows scroll the text when that has focus.
    if (key.startsWith("Arrow") && event.target.closest?.(".text, .sheet")) return;
    event.preventDefault();
    act[key]();
  });
}
