// Times as people say them; exact, in the browser's zone, on hover.
import { serverNow } from "./clock.js";
import { words } from "./words.js";

const language = document.documentElement.lang || undefined;
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
const hour = new Intl.DateTimeFormat(language, { timeStyle: "short" });

export const hourOf = (moment) => hour.format(moment);

// The same words as the filter time_left: rounded up, seconds only below a minute.
export function timeLeft(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds < 60) return words("s", { s: seconds });
  const minutes = Math.ceil(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return words("d", { d: Math.floor(hours / 24) });
  return hours ? words("hm", { h: hours, m: minutes % 60 }) : words("m", { m: minutes });
}

function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [size, name] of [[86400, "age-d"], [3600, "age-h"], [60, "age-m"]]) {
    if (seconds >= size) return words(name, { n: Math.floor(seconds / size) });
  }
  return words("now");
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Brings every <time> below root up to date: ages, what is left, and dates in the reader's zone.
export function freshen(root) {
  for (const node of root.querySelectorAll("time[datetime]")) {
    const moment = Date.parse(node.dateTime);
    // A Date header may say anything, the year 99999 too.
    if (Number.isNaN(moment)) continue;
    if (!node.title) node.title = exact.format(moment);
    if ("age" in node.dataset) set(node, age(serverNow() - moment));
    else if ("left" in node.dataset) set(node, timeLeft(moment - serverNow()));
    else if ("exact" in node.dataset) set(node, (node.dataset.exact === "time" ? hour : day).format(moment));
  }
}
