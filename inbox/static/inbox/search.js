// Search as you type. The query goes in the body of a POST and nowhere else: no URL, no history, nothing kept. The hits
// stand in the place of the list; mail that comes meanwhile goes into the list behind them and disturbs nobody.
import { freshen } from "./times.js";
import { words } from "./words.js";

const REST = 120;
const PATIENCE = 10_000;

export class Search {
  constructor(form, list, { onShown }) {
    Object.assign(this, { form, list, onShown });
    this.field = form.querySelector("input[type=search]");
    this.place = null; // where the list was scrolled to
    this.said = document.getElementById("found-words");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.soon(0); });
    this.field.addEventListener("input", () => this.soon(this.field.value.trim() ? REST : 0));
    this.field.addEventListener("focus", (event) => { this.cameFrom = event.relatedTarget; });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && this.list.shown()[0]) {
        event.preventDefault();
        this.list.shown()[0].querySelector("a").focus();
      }
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.end({ focus: true });
    });
  }

  // Whether hits are in the place of the list.
  isOn() {
    return this.list.found !== null;
  }

  // By key, from wherever the page is scrolled to.
  begin() {
    if (this.form.parentElement.hidden) return;
    if (!this.isOn()) this.place = this.list.scroller().scrollTop;
    this.field.select();
  }

  soon(rest) {
    clearTimeout(this.timer);
    this.loading?.abort();
    if (this.field.value.trim()) this.timer = setTimeout(() => this.ask(), rest);
    else this.restore();
  }

  async ask() {
    const loading = (this.loading = new AbortController());
    const busy = setTimeout(() => this.form.setAttribute("aria-busy", "true"), 300);
    try {
      const answer = await fetch(this.form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(this.form)),
        headers: { "X-Partial": "search", Accept: "text/html" },
        signal: AbortSignal.any ? AbortSignal.any([loading.signal, AbortSignal.timeout(PATIENCE)]) : loading.signal,
        cache: "no-store",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (!loading.signal.aborted) this.show(html);
    } catch {
      if (!loading.signal.aborted) this.said.textContent = words("failed");
    } finally {
      clearTimeout(busy);
      this.form.removeAttribute("aria-busy");
    }
  }

  show(html) {
    const template = document.createElement("template");
    template.innerHTML = html; // rendered by our own server, everything in it escaped
    const found = template.content.querySelector("ol");
    for (const row of found.querySelectorAll(".row")) if (this.list.taken.has(row.dataset.messageId)) row.remove();
    freshen(found);
    if (!this.isOn()) this.place ??= this.list.scroller().scrollTop;
    (this.list.found ?? this.list.rows).replaceWith(found);
    this.list.found = found;
    this.said.textContent = template.content.querySelector("p").textContent.trim();
    this.list.scroller().scrollTop = 0;
    this.onShown();
  }

  // The whole list as it was, where it was.
  restore() {
    clearTimeout(this.timer);
    this.loading?.abort();
    this.said.textContent = "";
    const place = this.place ?? 0;
    this.place = null;
    if (!this.isOn()) return;
    this.list.found.replaceWith(this.list.rows);
    this.list.found = null;
    this.list.scroller().scrollTop = place;
    this.onShown();
  }

  end({ focus = false } = {}) {
    this.field.value = "";
    this.restore();
    if (!focus) return;
    const back = this.cameFrom?.isConnected && this.cameFrom !== document.body ? this.cameFrom : this.list.shown()[0]?.querySelector("a");
    if (back) back.focus({ preventScroll: true });
    else this.field.blur();
  }
}
