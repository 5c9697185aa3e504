// The list of messages: newest on top by number. Rows are put in and taken out one by one, never redrawn, so that focus,
// scroll and what is being read stay where they are.
import { freshen } from "./times.js";

const NEW_FOR = 1_700; // as long as a new row's tint

export class List {
  constructor(rows, { onOpen, onCount }) {
    this.rows = rows;
    this.onCount = onCount;
    this.taken = new Set(); // deleted here a moment ago: not to come back by an answer that was already under way
    this.openPressed(onOpen);
    freshen(rows);
  }

  // A press opens the row it began on, though another slides under the finger before it ends.
  openPressed(onOpen) {
    let pressed = null;
    this.rows.addEventListener("pointerdown", (event) => { pressed = event.button === 0 ? event.target.closest(".row") : null; });
    for (const type of ["pointercancel", "dragstart"]) this.rows.addEventListener(type, () => { pressed = null; });
    this.rows.addEventListener("click", (event) => {
      const row = event.detail > 0 && pressed ? pressed : event.target.closest(".row");
      pressed = null;
      if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      onOpen(row);
    });
  }

  all() {
    return [...this.rows.children];
  }

  find(id) {
    return this.all().find((row) => row.dataset.messageId === id);
  }

  highest() {
    return Number(this.rows.firstElementChild?.dataset.number ?? 0);
  }

  countSince(number) {
    return this.all().filter((row) => Number(row.dataset.number) > number).length;
  }

  // Puts rows in, makes the read marks true and takes out what lives no more. Answers the ids that live and have no row.
  apply({ rows, living }, { slide }) {
    for (const { id, html } of rows) if (!this.find(id) && !this.taken.has(id)) this.put(this.build(html), slide);
    let missing = [];
    if (living) {
      for (const row of this.all()) {
        const read = living[row.dataset.messageId];
        if (read === undefined) this.takeOut(row);
        else row.toggleAttribute("data-unread", !read);
      }
      missing = Object.keys(living).filter((id) => !this.find(id) && !this.taken.has(id));
    }
    this.onCount(this.rows.children.length);
    return missing;
  }

  build(html) {
    const template = document.createElement("template");
    template.innerHTML = html; // rendered by our own server from the same template as the page, everything in it escaped
    const row = template.content.querySelector(".row");
    freshen(row);
    return row;
  }

  put(row, slide = false) {
    const number = Number(row.dataset.number);
    const below = this.all().find((other) => Number(other.dataset.number) < number) ?? null;
    const scroller = this.scroller();
    const before = this.rows.offsetHeight;
    this.rows.insertBefore(row, below);
    // Where the browser does not hold the reading place itself (Safari), hold it.
    if (!CSS.supports("overflow-anchor", "auto") && scroller.scrollTop > 0) scroller.scrollTop += this.rows.offsetHeight - before;
    if (slide) {
      row.classList.add("new");
      setTimeout(() => row.classList.remove("new"), NEW_FOR);
    }
    this.onCount(this.rows.children.length);
  }

  takeOut(row) {
    if (row.contains(document.activeElement)) {
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("a");
      (next ?? document.getElementById("list-title")).focus();
    }
    row.remove();
    this.onCount(this.rows.children.length);
  }

  clear() {
    this.rows.replaceChildren();
  }

  scroller() {
    const list = this.rows.parentElement;
    return getComputedStyle(list).overflowY === "auto" ? list : document.scrollingElement;
  }
}
