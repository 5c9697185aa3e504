// The line to the server: a websocket, or, where none gets through or it is cut again and again, plain questions.
//
// Nothing rests on an event arriving. The page knows the revision it has of each mailbox and asks for what is newer: when
// the line opens, after every loss, on focus and every 45 s. So a lost event costs time, never mail.
import { serverNow, sync } from "./clock.js";

const OPEN_PATIENCE = 5_000;
const ANSWER_PATIENCE = 8_000;
const PING_EVERY = 20_000;
const CATCH_UP_EVERY = 45_000;
const PROVEN_AFTER = 10_000; // a socket that lived this long was not cut by a proxy
const POLL_EVERY = 5_000;
const POLL_AT_MOST = 15_000;
const POLL_UNSEEN = 60_000;
const QUIET_LOSS = 1_000; // a loss that heals within this time is not shown

const between = (least, most) => least + Math.random() * (most - least);

export class Live {
  constructor({ socket, updates, current, known, onUpdate, onMailboxes, onState }) {
    Object.assign(this, { socketUrl: socket, updatesUrl: updates, current, known, onUpdate, onMailboxes, onState });
    this.state = "reconnecting";
    this.cuts = 0; // losses in a row of sockets that had not proven themselves
    this.away = 0; // failures in a row of socket and plain question alike: the server is away
    this.retries = 0; // probes of the socket while plain questions work
    this.askedAt = -Infinity;
    this.timers = {};
    this.stopped = false;
  }

  start() {
    this.connect();
    setInterval(() => this.ask(), CATCH_UP_EVERY);
    setInterval(() => this.ping(), PING_EVERY);
    addEventListener("offline", () => this.lose(this.socket, true));
    addEventListener("online", () => this.nudge());
    addEventListener("focus", () => this.nudge());
    addEventListener("pageshow", (event) => event.persisted && this.reconnect());
    document.addEventListener("visibilitychange", () => !document.hidden && this.nudge());
  }

  // None of this browser's mailboxes is left: nothing to watch.
  stop() {
    this.stopped = true;
    this.hangUp();
    for (const name of Object.keys(this.timers)) this.cancel(name);
  }

  // The cookies changed: a new handshake brings them. Not a loss, so nothing is said.
  reconnect() {
    this.stopped = false;
    this.hangUp();
    this.connect();
  }

  // Somebody looks at the page: know at once whether the line holds.
  nudge() {
    if (this.stopped || !navigator.onLine) return;
    if (this.isOpen()) this.ask();
    else if (this.socket === null || this.socket === undefined) {
      this.away = 0;
      this.connect();
    }
    if (this.state === "polling") this.later("poll", 0, () => this.poll());
  }

  // Asks for everything newer than what the page has. Focus, visibility and online come in bursts: once a second will do.
  ask({ now = false } = {}) {
    if (!this.isOpen() || (!now && performance.now() - this.askedAt < 1_000)) return;
    this.askedAt = performance.now();
    this.socket.send(JSON.stringify({ type: "catch_up", mailboxes: Object.fromEntries(this.known), current: this.current }));
    this.expectAnswer();
  }

  // --- socket

  connect() {
    this.cancel("connect");
    if (this.stopped || this.socket) return;
    let socket;
    try {
      socket = new WebSocket(this.socketUrl);
    } catch {
      socket = null;
    }
    this.socket = socket;
    this.openedAt = 0;
    if (!socket) return this.lost();
    this.later("open", OPEN_PATIENCE, () => this.lose(socket));
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.cancel("open");
      this.openedAt = performance.now();
      this.ask({ now: true });
    });
    socket.addEventListener("message", (event) => socket === this.socket && this.hear(event.data));
    socket.addEventListener("close", () => this.lose(socket));
  }

  hear(text) {
    this.cancel("answer");
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.server_now) sync(message.server_now);
    if (message.type === "update") this.onUpdate(message);
    if (message.type === "mailboxes") {
      this.onMailboxes(message.ids);
      this.settled();
    }
  }

  // The socket has answered: the page is caught up. While plain questions work the socket first has to prove itself.
  settled() {
    this.away = 0;
    const prove = () => { this.cuts = 0; this.retries = 0; this.cancel("poll"); this.show("live"); };
    if (this.state === "polling") {
      if (!this.timers.prove) this.later("prove", PROVEN_AFTER, prove);
    } else {
      this.cancel("poll");
      this.show("live");
    }
  }

  ping() {
    if (!this.isOpen()) return;
    this.socket.send('{"type":"ping"}');
    this.expectAnswer();
  }

  // TCP can be dead for many minutes before the browser says so: silence after a question is a loss.
  expectAnswer() {
    const socket = this.socket;
    if (!this.timers.answer) this.later("answer", ANSWER_PATIENCE, () => this.lose(socket));
  }

  lose(socket, offline = false) {
    if (!offline && (!socket || socket !== this.socket)) return;
    const lived = this.openedAt ? performance.now() - this.openedAt : 0;
    this.hangUp();
    if (this.stopped) return;
    if (lived >= PROVEN_AFTER) this.cuts = 0;
    else if (!offline) this.cuts += 1;
    this.lost(offline || !navigator.onLine);
  }

  lost(offline = false) {
    if (offline) {
      this.cancel("poll");
      this.show("reconnecting");
      // navigator.onLine can lie: try now and then anyway.
      this.later("connect", between(10_000, 20_000), () => this.connect());
      return;
    }
    if (this.state === "live") this.later("say", QUIET_LOSS, () => this.show("reconnecting"));
    if (this.state === "polling") {
      if (!this.timers.poll) this.later("poll", POLL_EVERY, () => this.poll());
      return this.probeLater();
    }
    if (this.cuts < 2) this.later("connect", between(200, 1_200), () => this.connect());
    else this.poll();
  }

  hangUp() {
    const socket = this.socket;
    this.socket = null;
    for (const name of ["open", "answer", "prove", "connect"]) this.cancel(name);
    this.openedAt = 0;
    socket?.close();
  }

  isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // --- plain questions

  async poll() {
    this.cancel("poll");
    if (this.stopped) return;
    const question = new URLSearchParams({ current: this.current });
    for (const [id, revision] of this.known) question.append("m", `${id}:${revision}`);
    let changed = false;
    try {
      const answer = await fetch(`${this.updatesUrl}?${question}`, { signal: AbortSignal.timeout(ANSWER_PATIENCE), cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const { updates, mailboxes, server_now } = await answer.json();
      if (server_now) sync(server_now);
      changed = updates.some((update) => this.isNews(update));
      updates.forEach((update) => this.onUpdate(update));
      this.onMailboxes(mailboxes);
    } catch {
      return this.serverIsAway();
    }
    if (this.stopped || (this.isOpen() && this.state !== "polling")) return; // the socket came back meanwhile
    if (this.away) {
      // The server was away and has come back, so the socket deserves one more try before it is thought to be blocked.
      this.away = 0;
      this.cuts = 1;
      this.later("connect", between(200, 800), () => this.connect());
      return;
    }
    const first = this.state !== "polling";
    this.show("polling");
    if (first && !this.socket) this.probeLater();
    this.pause = changed || !this.pause ? POLL_EVERY : Math.min(this.pause * 1.5, POLL_AT_MOST);
    this.later("poll", document.hidden ? POLL_UNSEEN : this.pause, () => this.poll());
  }

  isNews(update) {
    return update.revision > (this.known.get(update.mailbox) ?? -1);
  }

  probeLater() {
    this.retries += 1;
    this.later("connect", between(0.75, 1.25) * Math.min(15_000 * 2 ** this.retries, 300_000), () => this.connect());
  }

  serverIsAway() {
    if (this.stopped || this.isOpen()) return;
    this.away += 1;
    this.retries = 0;
    this.show("reconnecting");
    this.later("connect", between(0.5, 1) * Math.min(1_000 * 2 ** this.away, 10_000), () => this.connect());
  }

  // ---

  show(state) {
    this.cancel("say");
    if (state === this.state && this.shown) return;
    const before = this.state;
    this.state = state;
    this.shown = true;
    this.onState(state, before, serverNow());
  }

  later(name, milliseconds, act) {
    this.cancel(name);
    this.timers[name] = setTimeout(() => { delete this.timers[name]; act(); }, milliseconds);
  }

  cancel(name) {
    clearTimeout(this.timers[name]);
    delete this.timers[name];
  }
}
