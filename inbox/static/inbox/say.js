// Words to people: the live region for ears, toasts for eyes, and a sentence beside the thing that failed.
const region = document.getElementById("said");
const toasts = document.getElementById("toasts");
let clearing;

// Announces once. The region is emptied afterwards, so that the same words can be said again and are not found by chance.
export function say(text) {
  region.textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => { region.textContent = ""; }, 5000);
}

// Shows words for a while, with one thing to do about them; returns what takes them away.
export function toast(text, { label, act, milliseconds = 5000 } = {}) {
  const node = document.createElement("p");
  node.className = "toast";
  node.append(text);
  const end = () => node.remove();
  if (label) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => { end(); act(); });
    node.append(button);
  }
  toasts.replaceChildren(node);
  say(label ? `${text} ${label}` : text);
  setTimeout(end, milliseconds);
  return end;
}

export function complain(beside, text) {
  if (beside.nextElementSibling?.matches(".wrong.passing")) beside.nextElementSibling.remove();
  if (!text) return;
  const node = document.createElement("p");
  node.className = "wrong passing";
  node.setAttribute("role", "alert");
  node.textContent = text;
  beside.after(node);
}
