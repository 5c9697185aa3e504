// Notification and sound: off until somebody switches them on here, never asked for on load, and the browser's real
// permission is read each time, because it can be taken back at any moment. Loaded only when it is needed.
import { keep, kept } from "./kept.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const canNotify = "Notification" in window;
const notifies = () => canNotify && kept("notify") === "on" && Notification.permission === "granted";
let sound;

export function openAlerts() {
  const dialog = byId("alerts-dialog");
  if (!dialog.dataset.wired) {
    dialog.dataset.wired = "1";
    byId("notify-on").addEventListener("change", (event) => switchNotify(event.target));
    byId("codes-on").addEventListener("change", (event) => keep("notify-codes", event.target.checked ? "on" : null));
    byId("sound-on").addEventListener("change", (event) => {
      keep("sound", event.target.checked ? "on" : null);
      if (event.target.checked) ring();
    });
  }
  byId("notify-on").closest("label").hidden = !canNotify;
  byId("codes-on").closest("label").hidden = !canNotify;
  byId("codes-on").checked = kept("notify-codes") === "on";
  byId("sound-on").checked = kept("sound") === "on";
  showNotify();
  dialog.showModal();
}

async function switchNotify(box) {
  if (box.checked && Notification.permission === "default") await Notification.requestPermission();
  keep("notify", box.checked && Notification.permission === "granted" ? "on" : null);
  showNotify();
}

function showNotify() {
  byId("notify-on").checked = notifies();
  byId("codes-on").disabled = !notifies();
  const blocked = canNotify && Notification.permission === "denied";
  byId("notify-on").disabled = blocked;
  byId("notify-why").textContent = blocked ? words("notify-blocked") : "";
}

// A tab that fell behind by more is told by the others' memory.
const HELD_MS = 60_000;

// Tells of new mail, once over all tabs: by whoever is first to hold a lock of the mail's own and keeps it, for what one
// tab wrote down reaches the others in their own time. A tab that is being looked at goes first, and shows no
// notification, for the mail is in sight.
export async function alertOf({ mailbox, revision, title, body, code, url }) {
  const seen = document.visibilityState === "visible" && document.hasFocus();
  if (!notifies() && kept("sound") !== "on") return;
  if (!seen) await new Promise((done) => setTimeout(done, 150));
  await navigator.locks.request(`tempmail-alert ${mailbox} ${revision}`, { ifAvailable: true }, (lock) => {
    const told = read();
    if (!lock || (told[mailbox] ?? -1) >= revision) return null;
    told[mailbox] = revision;
    keep("alerted", JSON.stringify(Object.fromEntries(Object.entries(told).slice(-50))));
    if (kept("sound") === "on") ring();
    if (!seen && notifies()) show({ mailbox, title, body, code, url });
    return new Promise((done) => setTimeout(done, HELD_MS));
  });
}

function show({ mailbox, title, body, code, url }) {
  const text = code && kept("notify-codes") === "on" ? `${words("code", { code })}\n${body}` : body;
  const note = new Notification(title, { body: text, tag: mailbox, icon: document.querySelector("link[rel=icon]").href });
  note.addEventListener("click", () => {
    focus();
    if (url && new URL(url, location).pathname !== location.pathname) location.assign(url);
    note.close();
  });
}

function read() {
  try {
    return JSON.parse(kept("alerted") ?? "{}");
  } catch {
    return {};
  }
}

// Two soft tones, made here: no file to fetch.
function ring() {
  sound ??= new AudioContext();
  sound.resume().catch(() => {});
  [[660, 0], [880, 0.12]].forEach(([pitch, delay]) => {
    const tone = sound.createOscillator();
    const loudness = sound.createGain();
    const start = sound.currentTime + delay;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.12, start + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    tone.connect(loudness).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.45);
  });
}
