// The timer of this mailbox, right to the second by the server's clock: words, ring, and what the end of it means.
import { serverNow } from "./clock.js";
import { say } from "./say.js";
import { hourOf, timeLeft } from "./times.js";
import { words } from "./words.js";

const SOON = 5 * 60_000;

export class Countdown {
  // onState is told of living, hidden and ended, whoever finds it out first: this clock or the server.
  constructor(main, onState) {
    this.main = main;
    this.onState = onState;
    this.node = main.querySelector(".countdown");
    this.time = this.node.querySelector("time");
    this.ring = this.node.querySelector(".left");
    this.graceLeft = main.querySelector("#revive .left");
    this.state = main.dataset.state;
    const { expiresAt, purgeAt, latestEnd } = main.dataset;
    this.set({ expires_at: expiresAt, purge_at: purgeAt, latest_end: latestEnd, state: this.state });
  }

  set({ expires_at, purge_at, latest_end, state }) {
    this.expires = Date.parse(expires_at);
    this.purge = Date.parse(purge_at);
    this.latest = Date.parse(latest_end); // the greatest age: nothing gains time beyond it
    this.deleted = state === "ended";
    this.node.dataset.expiresAt = expires_at;
    this.time.dateTime = expires_at;
    this.node.title = words("lives-until", { time: hourOf(this.expires) });
    this.offer("#extend button", "#extend-why", this.expires < this.latest, "disabled");
    this.warned = this.expires - serverNow() <= SOON && this.warned;
    this.tick();
  }

  // The server does not have it any more.
  end() {
    this.deleted = true;
    this.tick();
  }

  tick() {
    clearTimeout(this.timer);
    const now = serverNow();
    const left = this.expires - now;
    const state = this.deleted || now >= this.purge ? "ended" : left <= 0 ? "hidden" : "living";
    if (state === "living") this.showLeft(left);
    if (state === "hidden") this.offer("#revive", "#revive-not", now < this.latest, "hidden");
    if (state === "hidden") this.graceLeft.textContent = words("left", { time: timeLeft(this.purge - now) });
    if (state !== this.state) {
      this.state = this.main.dataset.state = state;
      if (state !== "living") say(words(state === "hidden" ? "has-ended" : "gone"));
      this.onState(state);
    }
    // The next tick falls just behind the second in which the words change.
    const rest = (state === "living" ? left : this.purge - now) % 1000;
    if (state !== "ended") this.timer = setTimeout(() => this.tick(), (rest > 0 ? rest : 1000) + 2);
  }

  // What can be done, or the sentence that says why not.
  offer(what, why, can, attribute) {
    const node = this.main.querySelector(what);
    node.toggleAttribute(attribute, !can);
    if (can) node.removeAttribute("aria-describedby");
    else node.setAttribute("aria-describedby", why.slice(1));
    this.main.querySelector(why).hidden = can;
  }

  showLeft(left) {
    const text = timeLeft(left);
    if (this.time.textContent !== text) this.time.textContent = text;
    const part = (Math.min(1, left / (this.main.dataset.lifetime * 1000)) * 100).toFixed(1);
    this.ring.setAttribute("stroke-dasharray", `${part} 100`);
    this.node.toggleAttribute("data-soon", left < SOON);
    if (left <= SOON && !this.warned) {
      this.warned = true;
      say(words("lives-until", { time: hourOf(this.expires) }));
    }
  }
}
