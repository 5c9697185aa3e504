// Opens messages in place, beside or over the list; the address bar and the Back button follow.
import { say, toast } from "./say.js";
import { freshen } from "./times.js";
import { post } from "./post.js";
import { words } from "./words.js";

const UNDO_FOR = 10_000;
const PATIENCE = 15_000;

export class Reader {
  constructor({ main, pane, list, home, onTitle, onRead }) {
    Object.assign(this, { main, pane, list, home, onTitle, onRead });
    this.back = null;
    this.id = pane.querySelector(".reader")?.dataset.messageId ?? null;
    this.mark();
    pane.addEventListener("click", (event) => this.press(event));
    pane.addEventListener("submit", (event) => this.submit(event));
    addEventListener("popstate", () => this.follow());
  }

  async open(row, { push = true, focus = true } = {}) {
    const link = row.querySelector("a");
    const id = row.dataset.messageId;
    if (push && id !== this.id) history.pushState({ opened: true }, "", link.href);
    this.id = id;
    this.mark();
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    const busy = setTimeout(() => this.pane.setAttribute("aria-busy", "true"), 300);
    const unread = row.hasAttribute("data-unread");
    if (unread) { row.removeAttribute("data-unread"); this.onRead(-1); }
    try {
      const answer = await fetch(link.href, {
        headers: { "X-Partial": "reader" },
        signal: AbortSignal.any ? AbortSignal.any([loading.signal, AbortSignal.timeout(PATIENCE)]) : loading.signal,
        cache: "no-store",
      });
      const html = answer.ok ? await answer.text() : "";
      if (loading.signal.aborted) return;
      if (answer.ok) this.show(html, focus);
      else if (answer.status === 404) this.fail(words("not-there"));
      else throw new Error(String(answer.status));
    } catch {
      if (loading.signal.aborted) return;
      if (unread) { row.setAttribute("data-unread", ""); this.onRead(1); }
      this.fail(words("not-opened"), () => this.open(row, { push: false }));
    } finally {
      clearTimeout(busy);
      if (this.loading === loading) this.pane.removeAttribute("aria-busy");
    }
  }

  show(html, focus) {
    this.clear();
    this.pane.insertAdjacentHTML("afterbegin", html); // rendered by our server; the message's own HTML is in its frame only
    freshen(this.pane);
    this.main.setAttribute("data-reading", "");
    const subject = document.getElementById("subject");
    if (focus) subject.focus({ preventScroll: true });
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
    const row = this.list.find(this.id);
    this.loading?.abort();
    this.id = null;
    this.clear();
    this.main.removeAttribute("data-reading");
    this.mark();
    this.onTitle("");
    if (focus) (row?.querySelector("a") ?? document.getElementById("list-title")).focus();
    if (!push) return;
    if (history.state?.opened) history.back();
    else history.replaceState(null, "", this.home);
  }

  // The mailbox is over, or the message went: nothing of it stays on the screen.
  clear() {
    for (const node of this.pane.querySelectorAll(".reader, .reader-error")) node.remove();
  }

  // Back and Forward.
  follow() {
    const row = this.list.all().find((one) => new URL(one.querySelector("a").href).pathname === location.pathname);
    if (row && row.dataset.messageId !== this.id) this.open(row, { push: false });
    else if (!row) this.close({ push: false });
  }

  // What lives has changed: the open message may have gone in another tab.
  check(living) {
    if (!living || !this.id || this.id in living || this.list.taken.has(this.id)) return;
    this.close({ focus: this.pane.contains(document.activeElement) });
    say(words("not-there"));
  }

  mark() {
    for (const row of this.list.all()) {
      const link = row.querySelector("a");
      if (row.dataset.messageId === this.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  // The message after or before the one that has focus or is open.
  step(by) {
    const rows = this.list.all();
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const from = at >= 0 ? at : rows.findIndex((row) => row.dataset.messageId === this.id);
    const row = rows[from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + by))];
    if (!row) return;
    row.querySelector("a").focus();
    if (this.id && row.dataset.messageId !== this.id) this.open(row, { focus: false });
  }

  press(event) {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.id === "back") {
      event.preventDefault();
      this.close();
    } else if (link.dataset.show) {
      event.preventDefault();
      this.view(link);
    }
  }

  view(link) {
    const article = link.closest(".reader");
    article.querySelector(".html").hidden = link.dataset.show !== "html";
    article.querySelector(".text").hidden = link.dataset.show !== "text";
    for (const other of article.querySelectorAll("[data-show]")) {
      if (other === link) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    history.replaceState(history.state, "", link.href);
  }

  async submit(event) {
    const form = event.target;
    if (form.id !== "delete-message") return;
    event.preventDefault();
    const row = this.list.find(this.id);
    if (!(await post(form, { beside: form.closest(".reader-bar") }))) return;
    if (!row) return location.assign(this.home);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    this.list.taken.add(row.dataset.messageId);
    this.close({ focus: false });
    this.list.takeOut(row);
    (next?.querySelector("a") ?? document.getElementById("list-title")).focus();
    toast(words("deleted"), { label: words("undo"), milliseconds: UNDO_FOR, act: () => this.undo(form, row) });
    setTimeout(() => this.list.taken.delete(row.dataset.messageId), UNDO_FOR + 5_000);
  }

  async undo(form, row) {
    if (!(await post(form, { to: form.dataset.undo, beside: document.getElementById("list-title") }))) return;
    this.list.taken.delete(row.dataset.messageId);
    if (!this.list.find(row.dataset.messageId)) this.list.put(row);
    row.querySelector("a").focus();
    say(words("restored"));
  }
}
