// Opens messages in place, beside or over the list; the address bar and the Back button follow. Every view of a message is
// a link of its own; here it is fetched and put in place of the one before.
import { complain, say, toast } from "./say.js";
import { copyCode } from "./copy.js";
import { freshen } from "./times.js";
import { post } from "./post.js";
import { words } from "./words.js";

const UNDO_FOR = 10_000;
const PATIENCE = 15_000;
const WIDE = matchMedia("(min-width: 900px)"); // app.css: the list stands beside the message

export class Reader {
  constructor({ main, pane, list, home, onTitle, onRead }) {
    Object.assign(this, { main, pane, list, home, onTitle, onRead });
    this.id = this.article()?.dataset.messageId ?? null;
    this.mark();
    pane.addEventListener("click", (event) => this.press(event));
    pane.addEventListener("submit", (event) => this.submit(event));
    addEventListener("popstate", () => this.follow());
    WIDE.addEventListener("change", () => this.closePanel());
  }

  article() {
    return this.pane.querySelector(".reader");
  }

  // On a phone the details are a panel over the message; on a page that has become wide it would lie in the way.
  closePanel() {
    const panel = this.pane.querySelector("#more");
    if (panel?.matches(":popover-open")) panel.hidePopover();
  }

  async open(row, { url, push = true, focus = true } = {}) {
    const link = url ?? row.querySelector("a").href;
    const id = row.dataset.messageId;
    if (push && id !== this.id) history.pushState({ opened: true }, "", link);
    this.id = id;
    this.mark();
    const unread = row.hasAttribute("data-unread");
    if (unread) this.setUnread(id, false);
    await this.fetch(link, {
      onHtml: (html) => this.show(html, focus && (() => document.getElementById("subject"))),
      onGone: () => this.fail(words("not-there")),
      onFailed: () => {
        if (unread) this.setUnread(id, true);
        this.fail(words("not-opened"), () => this.open(row, { url, push: false }));
      },
    });
  }

  // Another view of the open message, in place: what was there stays until the new one has come.
  async turn(link, { push = false } = {}) {
    const { id } = link;
    const show = link.dataset.show;
    const place = link.href;
    await this.fetch(place, {
      onHtml: (html) => {
        if (push) history.pushState({ opened: true, inside: true }, "", place);
        else history.replaceState(history.state, "", place);
        this.show(html, () => this.pane.querySelector(id ? `#${CSS.escape(id)}` : `[data-show="${CSS.escape(show)}"]`));
      },
      onGone: () => this.fail(words("not-there")),
      onFailed: () => complain(this.pane.querySelector(".reader-bar"), words("failed")),
    });
  }

  async fetch(url, { onHtml, onGone, onFailed }) {
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    const busy = setTimeout(() => this.pane.setAttribute("aria-busy", "true"), 300);
    try {
      const answer = await fetch(url, {
        headers: { "X-Partial": "reader" },
        signal: AbortSignal.any ? AbortSignal.any([loading.signal, AbortSignal.timeout(PATIENCE)]) : loading.signal,
        cache: "no-store",
      });
      const html = answer.ok ? await answer.text() : "";
      if (loading.signal.aborted) return;
      if (answer.ok) onHtml(html);
      else if (answer.status === 404) onGone();
      else throw new Error(String(answer.status));
    } catch {
      if (!loading.signal.aborted) onFailed();
    } finally {
      clearTimeout(busy);
      if (this.loading === loading) this.pane.removeAttribute("aria-busy");
    }
  }

  // `focus` says what gets it; where that is not to be seen, the subject does.
  show(html, focus) {
    this.clear();
    this.pane.insertAdjacentHTML("afterbegin", html); // rendered by our server; the message's own HTML is in its frame only
    freshen(this.pane);
    this.main.setAttribute("data-reading", "");
    const subject = document.getElementById("subject");
    if (focus) {
      const node = focus();
      (node?.checkVisibility?.() ? node : subject).focus({ preventScroll: true });
    }
    this.onTitle(subject.textContent.trim());
  }

  fail(text, again) {
    this.clear();
    const node = document.createElement("div");
    node.className = "reader-error";
    const sentence = document.createElement("p");
    sentence.setAttribute("role", "alert");
    sentence.textContent = text;
    const buttons = [[words("back-to-list"), () => this.close()]];
    if (again) buttons.unshift([words("try-again"), again]);
    node.append(sentence);
    for (const [label, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = label;
      button.addEventListener("click", act);
      node.append(button);
    }
    this.pane.prepend(node);
    this.main.setAttribute("data-reading", "");
  }

  close({ push = true, focus = true } = {}) {
    if (!this.id) return;
    const row = this.list.findShown(this.id);
    this.loading?.abort();
    this.id = null;
    this.clear();
    this.main.removeAttribute("data-reading");
    this.mark();
    this.onTitle("");
    if (focus) (row?.querySelector("a") ?? document.getElementById("list-title")).focus();
    if (!push) return;
    // Where messages inside messages were opened, the list is more than one step back.
    if (history.state?.opened && !history.state.inside) history.back();
    else history.replaceState(null, "", this.home);
  }

  // The mailbox is over, or the message went: nothing of it stays on the screen.
  clear() {
    for (const node of this.pane.querySelectorAll(".reader, .reader-error")) node.remove();
  }

  // Back and Forward.
  follow() {
    const row = this.list.all().find((one) => new URL(one.querySelector("a").href).pathname === location.pathname);
    if (row) this.open(row, { url: location.href, push: false });
    else this.close({ push: false });
  }

  // What lives has changed: the open message may have gone in another tab.
  check(living) {
    if (!living || !this.id || this.id in living || this.list.taken.has(this.id)) return;
    this.close({ focus: this.pane.contains(document.activeElement) });
    say(words("not-there"));
  }

  mark() {
    for (const row of new Set([...this.list.all(), ...this.list.shown()])) {
      const link = row.querySelector("a");
      if (row.dataset.messageId === this.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  // The message after or before the one that has focus or is open.
  step(by) {
    const rows = this.list.shown();
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const from = at >= 0 ? at : rows.findIndex((row) => row.dataset.messageId === this.id);
    const row = rows[from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + by))];
    if (!row) return;
    row.querySelector("a").focus();
    if (this.id && row.dataset.messageId !== this.id) this.open(row, { focus: false });
  }

  // The code of the open message; else of the row that has focus; else the newest there is.
  copyCode() {
    const row = document.activeElement?.closest(".row");
    const code = (this.id ? this.pane : row)?.querySelector("[data-copy]") ?? this.list.shown().map((one) => one.querySelector("[data-copy]")).find(Boolean);
    if (code) copyCode(code);
    else say(words("no-code"));
  }

  press(event) {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if ("back" in link.dataset) {
      event.preventDefault();
      this.close();
    } else if ("show" in link.dataset || "fetch" in link.dataset) {
      event.preventDefault();
      this.turn(link, { push: link.dataset.fetch === "deeper" });
    }
  }

  async submit(event) {
    const form = event.target;
    const act = { "delete-message": () => this.delete(form), "mark-unread": () => this.markUnread(form) }[form.id];
    if (!act) return;
    event.preventDefault();
    await act();
  }

  async markUnread(form = document.getElementById("mark-unread")) {
    if (!form) return;
    const { id } = this;
    if (!(await post(form, { beside: this.pane.querySelector(".reader-bar") }))) return;
    if (this.list.find(id)?.hasAttribute("data-unread") === false) this.setUnread(id, true);
    if (this.id === id) this.close();
    say(words("unread"));
  }

  // The row and its twin among the hits of a search.
  setUnread(id, unread) {
    for (const row of new Set([this.list.find(id), this.list.findShown(id)])) row?.toggleAttribute("data-unread", unread);
    this.onRead(unread ? 1 : -1);
  }

  async delete(form) {
    const row = this.list.find(this.id);
    const seen = this.list.findShown(this.id);
    if (!(await post(form, { beside: form.closest(".reader-bar") }))) return;
    if (!row) return location.assign(this.home);
    const next = seen && this.list.besides(seen);
    this.close({ focus: false });
    this.takeAway([row], form, form.dataset.undo);
    (next?.querySelector("a") ?? document.getElementById("list-title")).focus();
  }

  // Rows that were deleted: gone at once, and for ten seconds to be taken back.
  takeAway(rows, form, undo, more = {}) {
    for (const row of rows) {
      this.list.taken.add(row.dataset.messageId);
      this.list.takeOut(row);
    }
    toast(words("deleted"), { label: words("undo"), milliseconds: UNDO_FOR, act: () => this.undo(rows, form, undo, more) });
    setTimeout(() => rows.forEach((row) => this.list.taken.delete(row.dataset.messageId)), UNDO_FOR + 5_000);
  }

  async undo(rows, form, to, more) {
    if (!(await post(form, { to, more, beside: document.getElementById("list-title") }))) return;
    for (const row of rows) {
      this.list.taken.delete(row.dataset.messageId);
      if (!this.list.find(row.dataset.messageId)) this.list.put(row);
    }
    rows[0]?.querySelector("a").focus();
    say(words("restored"));
  }
}
