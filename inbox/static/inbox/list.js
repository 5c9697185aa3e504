// The list of messages: newest on top by number. Rows are put in and taken out one by one, never redrawn, so that focus,
// scroll and what is being read stay where they are. While a search is shown its hits stand in the place of the list,
// which goes on being kept beside the page.
import { freshen } from "./times.js";

const NEW_FOR = 1_700; // as long as a new row's tint
const momentOf = (line) => Date.parse(line.dataset.at ?? line.querySelector("time").dateTime);

export class List {
  constructor(rows, { onOpen, onCount }) {
    this.rows = rows;
    this.section = rows.parentElement;
    this.found = null; // the hits that are shown instead
    this.onCount = onCount;
    this.taken = new Set(); // deleted here a moment ago: not to come back by an answer that was already under way
    this.openPressed(onOpen);
    freshen(rows);
  }

  // A press opens the row it began on, though another slides under the finger before it ends.
  openPressed(onOpen) {
    // On a code it copies that (copy.js) and opens nothing.
    const aim = ({ target }) => ({ row: target.closest(".row"), copies: target.closest("[data-copy]") !== null });
    let pressed = null;
    this.section.addEventListener("pointerdown", (event) => { pressed = event.button === 0 ? aim(event) : null; });
    for (const type of ["pointercancel", "dragstart"]) this.section.addEventListener(type, () => { pressed = null; });
    this.section.addEventListener("click", (event) => {
      const { row, copies } = event.detail > 0 && pressed?.row ? pressed : aim(event);
      pressed = null;
      if (!row || copies || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      onOpen(row);
    });
  }

  all() {
    return [...this.rows.querySelectorAll(":scope > .row")];
  }

  // Those in sight: the list, or the hits of a search.
  shown() {
    return [...(this.found ?? this.rows).querySelectorAll(":scope > .row")];
  }

  find(id) {
    return this.all().find((row) => row.dataset.messageId === id);
  }

  // The row in sight, in the list or among the hits.
  findShown(id) {
    return this.shown().find((row) => row.dataset.messageId === id);
  }

  // The row below, else the one above: where the focus goes when this one goes.
  besides(row) {
    const rows = this.shown();
    const at = rows.indexOf(row);
    return at < 0 ? undefined : (rows[at + 1] ?? rows[at - 1]);
  }

  highest() {
    return Number(this.all()[0]?.dataset.number ?? 0);
  }

  countSince(number) {
    return this.all().filter((row) => Number(row.dataset.number) > number).length;
  }

  // Puts rows in or in the place of what they were, makes the read marks true and takes out what lives no more. Answers the
  // ids that live and have no row.
  apply({ rows, living }, { slide }) {
    for (const { id, html } of rows) {
      if (this.taken.has(id)) continue;
      const old = this.find(id);
      if (old) this.renew(old, this.build(html));
      else this.put(this.build(html), slide);
    }
    let missing = [];
    if (living) {
      for (const row of new Set([...this.all(), ...this.shown()])) {
        const read = living[row.dataset.messageId];
        if (read === undefined) this.takeOut(row);
        else row.toggleAttribute("data-unread", !read);
      }
      missing = Object.keys(living).filter((id) => !this.find(id) && !this.taken.has(id));
    }
    this.onCount(this.all().length);
    return missing;
  }

  build(html) {
    const template = document.createElement("template");
    template.innerHTML = html; // rendered by our own server from the same template as the page, everything in it escaped
    const row = template.content.querySelector("li");
    freshen(row);
    return row;
  }

  // Something else is known of the message, such as who sent it. A row that says the same as before is left alone.
  renew(row, newer) {
    freshen(row);
    if (row.innerHTML === newer.innerHTML) return;
    const at = [...row.querySelectorAll("a, button")].indexOf(document.activeElement);
    row.replaceChildren(...newer.childNodes);
    row.toggleAttribute("data-unread", newer.hasAttribute("data-unread"));
    if (at >= 0) (row.querySelectorAll("a, button")[at] ?? row.querySelector("a")).focus();
  }

  // What did not arrive, at its place in time: all lines there are, newest first.
  applyRefused(lines) {
    const ids = new Set(lines.map(({ id }) => id));
    for (const line of this.rows.querySelectorAll(":scope > .refused")) if (!ids.has(line.dataset.noticeId)) this.dismiss(line);
    for (const { id, html } of [...lines].reverse()) {
      const old = this.rows.querySelector(`:scope > .refused[data-notice-id="${CSS.escape(id)}"]`);
      const line = this.build(html);
      if (old && id !== "more") continue;
      old?.remove();
      this.rows.insertBefore(line, [...this.rows.children].find((other) => momentOf(other) <= momentOf(line)) ?? null);
    }
  }

  dismiss(line) {
    if (line.contains(document.activeElement)) document.getElementById("list-title").focus();
    line.remove();
  }

  put(row, slide = false) {
    const number = Number(row.dataset.number);
    const isBelow = (other) => (other.matches(".row") ? Number(other.dataset.number) < number : momentOf(other) <= momentOf(row));
    const below = [...this.rows.children].find(isBelow) ?? null;
    const scroller = this.scroller();
    const before = this.rows.offsetHeight;
    this.rows.insertBefore(row, below);
    // Where the browser does not hold the reading place itself (Safari), hold it.
    if (!CSS.supports("overflow-anchor", "auto") && scroller.scrollTop > 0) scroller.scrollTop += this.rows.offsetHeight - before;
    if (slide) {
      row.classList.add("new");
      setTimeout(() => row.classList.remove("new"), NEW_FOR);
    }
    this.onCount(this.all().length);
  }

  // Wherever it stands.
  takeOut(row) {
    const id = row.dataset.messageId;
    for (const one of new Set([this.find(id), this.findShown(id), row])) {
      if (!one) continue;
      if (one.contains(document.activeElement)) {
        const next = this.besides(one)?.querySelector("a");
        (next ?? document.getElementById("list-title")).focus();
      }
      one.remove();
    }
    this.onCount(this.all().length);
  }

  clear() {
    this.rows.replaceChildren();
    this.found?.replaceChildren();
  }

  scroller() {
    return getComputedStyle(this.section).overflowY === "auto" ? this.section : document.scrollingElement;
  }
}
