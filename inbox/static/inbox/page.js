// What every page has: the theme button, times in the reader's own zone, forms that are sent once, and word to the other
// tabs after a mailbox went.
import { keep, kept } from "./kept.js";
import { freshen } from "./times.js";
import { tell } from "./tabs.js";

const THEMES = ["system", "light", "dark"];
const button = document.getElementById("theme");

function showTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  button.querySelector("use").setAttribute("href", `#i-${theme}`);
  button.setAttribute("aria-label", button.dataset[theme]);
  button.title = button.dataset[theme];
}

const theme = () => (THEMES.includes(kept("theme")) ? kept("theme") : "system");
showTheme(theme());
button.addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  keep("theme", next === "system" ? null : next);
  showTheme(next);
});
// Another tab chose: follow it.
addEventListener("storage", (event) => event.key === "theme" && showTheme(theme()));

// A form that leaves the page is sent once: a double click on New address would make two. It can be sent again when the
// page has been come back to, or when its answer is so late that somebody has stopped waiting for it.
const SENT_FOR = 15_000;
addEventListener("submit", (event) => {
  const { dataset } = event.target;
  if (event.defaultPrevented) return;
  if ("sent" in dataset) event.preventDefault();
  dataset.sent = "";
  setTimeout(() => { delete dataset.sent; }, SENT_FOR);
});
addEventListener("pageshow", () => {
  for (const { dataset } of document.querySelectorAll("form[data-sent]")) delete dataset.sent;
});

freshen(document);
if (document.body.classList.contains("page-gone")) tell({ type: "mailboxes", ids: null });
