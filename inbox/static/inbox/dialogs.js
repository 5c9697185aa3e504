// The page's dialogs. Each has its way without scripts: a page to confirm on, a picture to open.
import { counted } from "./words.js";

const byId = (id) => document.getElementById(id);

export function wireDialogs({ countMessages }) {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      // A click on the backdrop hits the dialog itself, outside its box.
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      const outside = event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
      if (event.target.closest("[data-close]") || (event.target === dialog && outside && event.detail)) dialog.close();
    });
  }
  onPress("delete", () => {
    byId("delete-dialog").querySelector("[data-words]").textContent = counted("goes", countMessages());
    byId("delete-dialog").showModal();
  });
  onPress("qr-open", (link) => {
    byId("qr-dialog").querySelector("img").src = link.href;
    byId("qr-dialog").showModal();
  });
  onPress("help-open", () => byId("help-dialog").showModal());
  // Folds float over the page where it is wide: Escape and a press elsewhere close them.
  addEventListener("keydown", (event) => {
    const fold = event.key === "Escape" && document.querySelector(".fold[open]");
    if (!fold) return;
    fold.open = false;
    if (fold.contains(document.activeElement)) fold.querySelector("summary").focus();
    event.preventDefault();
  }, true);
  addEventListener("pointerdown", (event) => {
    for (const fold of document.querySelectorAll(".fold[open]")) if (!fold.contains(event.target)) fold.open = false;
  });
}

function onPress(id, act) {
  byId(id)?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    act(event.currentTarget);
  });
}

export const dialogOpen = () => document.querySelector("dialog[open]") !== null;
