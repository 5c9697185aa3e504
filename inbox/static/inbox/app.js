// The inbox: joins the parts. What the server says comes in through apply(), what people do goes out through forms.
import "./page.js";
import { serverNow, sync } from "./clock.js";
import { copyAddress } from "./copy.js";
import { Countdown } from "./countdown.js";
import { wireDialogs } from "./dialogs.js";
import { wireKeys } from "./keys.js";
import { kept } from "./kept.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { post } from "./post.js";
import { Reader } from "./reader.js";
import { complain, say } from "./say.js";
import { Search } from "./search.js";
import { listen, tell } from "./tabs.js";
import { freshen } from "./times.js";
import { counted, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const main = byId("main");
const current = main.dataset.mailbox;
const switcher = byId("switcher");
sync(main.dataset.serverNow);

// --- what is known of each mailbox

const known = new Map(); // mailbox id → revision
const unread = new Map(); // mailbox id → number
const entries = () => [...switcher.querySelectorAll("[data-mailbox]")];
const entryOf = (id) => entries().find((entry) => entry.dataset.mailbox === id);

function learn() {
  for (const { dataset } of entries()) {
    if (!known.has(dataset.mailbox)) known.set(dataset.mailbox, Number(dataset.revision));
    if (!unread.has(dataset.mailbox)) unread.set(dataset.mailbox, Number(dataset.unread));
  }
}
learn();
known.set(current, Number(main.dataset.revision));

// --- title, favicon, badges

const icon = document.querySelector("link[rel=icon]");
const restIcon = icon.getAttribute("href");
let subject = byId("subject")?.textContent.trim() ?? "";

function showUnread() {
  let all = 0;
  let others = 0;
  for (const [id, number] of unread) {
    all += number;
    if (id !== current) others += number;
    const badge = switcher.querySelector(`[data-unread-of="${CSS.escape(id)}"]`);
    if (badge) { badge.hidden = !number; badge.querySelector("[data-number]").textContent = number; }
  }
  const sum = switcher.querySelector("[data-others-unread]");
  if (sum) { sum.hidden = !others; sum.textContent = others; }
  document.title = `${all ? `(${all}) ` : ""}${subject ? `${subject} – ` : ""}${main.dataset.address} – tempmail`;
  const wanted = all ? icon.dataset.unread : restIcon;
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

// --- list and reader

const empty = byId("empty");
let emptySince = performance.now();

const list = new List(byId("rows"), {
  onOpen: (row) => main.dataset.state === "living" && reader.open(row),
  onCount(count) {
    if (count === 0 && empty.hidden) emptySince = performance.now();
    empty.hidden = count > 0;
    showTools();
  },
});
const search = new Search(byId("search"), list, { onShown: () => reader.mark() });
const reader = new Reader({
  main, pane: byId("pane"), list, home: main.dataset.home,
  onTitle(text) { subject = text; showUnread(); },
  onRead(by) { unread.set(current, Math.max(0, (unread.get(current) ?? 0) + by)); showUnread(); showTools(); },
});

// The field to search in is there once there is mail, and "Delete read" once there is some that was read.
function showTools() {
  byId("list-tools").hidden = list.all().length === 0;
  byId("delete-read").hidden = list.all().every((row) => row.hasAttribute("data-unread"));
}

byId("delete-read").addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const form = byId("undelete-read");
  const read = list.all().filter((row) => !row.hasAttribute("data-unread"));
  const done = await post(form, { to: event.currentTarget.href, beside: byId("list-tools") });
  if (!done || !done.data.count) return;
  const ids = new Set(read.map((row) => row.dataset.messageId));
  if (ids.has(reader.id)) reader.close({ focus: false });
  reader.takeAway(read, form, form.action, { moment: done.data.moment });
  (list.shown()[0]?.querySelector("a") ?? byId("list-title")).focus();
});

byId("dismiss").addEventListener("submit", async (event) => {
  event.preventDefault();
  const line = event.submitter.closest(".refused");
  if (await post(event.target, { beside: byId("list-title"), more: { notice: line.dataset.noticeId } })) list.dismiss(line);
});

// --- what grows older by itself

setInterval(() => {
  freshen(list.rows);
  freshen(switcher);
  freshen(byId("pane"));
}, 5_000);

setInterval(() => {
  if (empty.hidden) return;
  const waited = (performance.now() - emptySince) / 1000;
  const due = [...empty.querySelectorAll(".later")].filter((node) => waited >= node.dataset.after);
  for (const node of empty.querySelectorAll(".later")) {
    const show = node === due.at(-1);
    if (show && node.hidden) say((node.querySelector("p") ?? node).textContent.trim());
    node.hidden = !show;
  }
}, 1_000);

// --- cookies: the picture beside the notices comes only to who brings the cookie back

const cookiesAreOff = (async () => {
  const seen = document.querySelector(".seen");
  const off = !navigator.cookieEnabled || (seen !== null && !(await seen.decode().then(() => true, () => false)));
  if (off) {
    byId("cookies-off").hidden = false;
    say(byId("cookies-off").textContent);
  }
  return off;
})();

// --- what the server says

let gap = null; // the highest number before the line was lost
let asked = null; // revision for which everything was asked again

function apply(update) {
  const { mailbox, revision } = update;
  if (!known.has(mailbox)) return renewSwitcher();
  if (revision < known.get(mailbox)) return;
  const isNews = revision > known.get(mailbox);
  known.set(mailbox, revision);
  sync(update.server_now);
  unread.set(mailbox, update.unread);
  if (mailbox === current) {
    countdown.set(update);
    if (update.state === "living") {
      const missing = list.apply(update, { slide: gap === null });
      if (update.refused) list.applyRefused(update.refused);
      reader.check(update.living);
      // A row that came back (Undo in another tab) is below every revision: ask for all, once.
      if (missing.length && asked !== revision) {
        asked = revision;
        known.set(current, 0);
        live.ask({ now: true });
      }
    }
  } else {
    showOther(update);
  }
  showUnread();
  if (isNews && update.latest && gap === null) announce(update);
}

function showOther({ mailbox, state, expires_at }) {
  const time = entryOf(mailbox)?.querySelector(".others-state > :first-child");
  if (!time) return;
  if (state === "living" && time.matches("time")) { time.dateTime = expires_at; time.title = ""; freshen(time.parentElement); }
  else if ((state === "living") !== time.matches("time")) renewSwitcher();
}

const announced = new Map();

function announce({ mailbox, revision, latest }) {
  if (announced.get(mailbox) >= revision) return;
  announced.set(mailbox, revision);
  const sender = latest.sender || words("somebody");
  const address = entryOf(mailbox)?.dataset.address ?? "";
  const text = mailbox === current ? words("new-from", { sender }) : words("new-from-to", { sender, address });
  say(text);
  if (kept("notify") !== "on" && kept("sound") !== "on") return;
  const url = entryOf(mailbox)?.querySelector("a")?.href ?? main.dataset.home;
  import("./alerts.js").then(({ alertOf }) => alertOf({ mailbox, revision, title: text, body: latest.subject || words("no-subject"), code: latest.code, url }));
}

async function mailboxesAre(ids) {
  const mine = new Set(entries().map((entry) => entry.dataset.mailbox));
  if (!ids.length) live.stop();
  if (!ids.includes(current) && main.dataset.state !== "ended") {
    if (await cookiesAreOff) return;
    countdown.end();
  }
  if (ids.length !== mine.size || ids.some((id) => !mine.has(id))) renewSwitcher();
}

let renewing = false;

// The browser's mailboxes changed in another tab: fetch their list anew.
async function renewSwitcher() {
  if (renewing || main.dataset.state === "ended") return;
  renewing = true;
  try {
    const answer = await fetch(main.dataset.home, { headers: { "X-Partial": "switcher" }, cache: "no-store" });
    if (!answer.ok) return;
    const open = byId("others")?.open;
    switcher.innerHTML = await answer.text();
    if (open && byId("others")) byId("others").open = true;
    const mine = new Set(entries().map((entry) => entry.dataset.mailbox));
    for (const id of known.keys()) if (!mine.has(id) && id !== current) { known.delete(id); unread.delete(id); }
    learn();
    freshen(switcher);
    showUnread();
  } catch { /* the next catch-up tries again */
  } finally {
    renewing = false;
  }
}

// --- the line

const connection = document.querySelector(".connection");
const state = connection.querySelector("[data-words]");
let backTimer;

const live = new Live({
  socket: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`,
  updates: main.dataset.updates,
  current,
  known,
  onUpdate: apply,
  onMailboxes: mailboxesAre,
  onState(now, before) {
    connection.dataset.state = now;
    clearTimeout(backTimer);
    state.textContent = words(now);
    if (now === "reconnecting") {
      gap ??= list.highest();
      return;
    }
    if (gap === null) return;
    const came = list.countSince(gap);
    gap = null;
    const text = came ? counted("came", came) : words("back");
    state.textContent = text;
    say(text);
    backTimer = setTimeout(() => { state.textContent = words(connection.dataset.state); }, 6_000);
  },
});

// --- time

let interrupted = null; // id of the message that was open when the mailbox ended

const countdown = new Countdown(main, (state) => {
  list.section.inert = state !== "living";
  if (state === "living") {
    const row = interrupted && list.find(interrupted);
    interrupted = null;
    if (row) reader.open(row, { focus: false });
  } else {
    interrupted ??= reader.id;
    reader.close({ push: false, focus: false });
    search.end();
  }
  if (state === "ended") list.clear(); // gone for good is gone here too
  live.ask({ now: true });
});

listen(({ type, ids }) => {
  if (type !== "mailboxes") return;
  const mine = entries().map((entry) => entry.dataset.mailbox);
  if (ids && ids.length === mine.length && ids.every((id) => mine.includes(id))) return;
  live.reconnect();
});
tell({ type: "mailboxes", ids: entries().map((entry) => entry.dataset.mailbox) });

// --- forms that need not leave the page

for (const id of ["extend", "revive", "test", "undo"]) {
  const form = byId(id);
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    // With the revision that the page has, the answer to Extend and Revive is what is newer, rows and all.
    const done = await post(form, { more: { revision: known.get(current) } });
    if (!done) return;
    if (done.data.type === "update") apply(done.data);
    if (id === "extend") say(words("extended"));
    if (id === "revive") say(words("restored"));
    if (id === "test") { complain(form, words("test-sent")); form.nextElementSibling.classList.remove("wrong"); }
    if (id === "undo") { form.remove(); history.replaceState(null, "", location.pathname); }
    live.nudge();
  });
}

wireDialogs({ countMessages: () => list.all().length });
wireKeys({ reader, search, copy: copyAddress });

if (isSecureContext) {
  const alerts = byId("alerts-open");
  alerts.hidden = false;
  alerts.addEventListener("click", async () => (await import("./alerts.js")).openAlerts());
}

freshen(document);
showUnread();
showTools();
live.start();
