// Copy: the address and codes, by a button, by a click on them, by a key. Says so, or selects what it was and says that.
import { say, toast } from "./say.js";
import { words } from "./words.js";

const DONE = 1600;
const address = document.querySelector("#address span");
const resting = new WeakMap(); // button → what it showed before it said that it is done

export const copyAddress = () => copy(address.textContent.trim(), address, document.getElementById("copy"));

// A code: `near` is the code itself or the button beside it.
export function copyCode(near) {
  const found = near.closest(".find, .row-code");
  return copy(near.dataset.copy ?? found.dataset.copy, found.querySelector(".code, b"), found.querySelector("button"));
}

async function copy(text, node, button) {
  if (!(await put(text, node))) {
    getSelection().selectAllChildren(node);
    toast(words("not-copied"));
    return;
  }
  say(words("copied"));
  const label = button.querySelector("[data-words]");
  const icon = button.querySelector("use");
  const rest = resting.get(button) ?? { text: label?.textContent };
  clearTimeout(rest.timer);
  icon.setAttribute("href", "#i-done");
  if (label) label.textContent = words("copied");
  else toast(words("copied"), { milliseconds: DONE });
  rest.timer = setTimeout(() => {
    icon.setAttribute("href", "#i-copy");
    if (label) label.textContent = rest.text;
  }, DONE);
  resting.set(button, rest);
}

async function put(text, node) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard outside a secure context, or not allowed: the old way, from a selection.
    getSelection().selectAllChildren(node);
    const done = document.execCommand("copy");
    if (done) getSelection().removeAllRanges();
    return done;
  }
}

document.getElementById("copy").addEventListener("click", copyAddress);
address.addEventListener("click", copyAddress);

// Codes come and go with rows and readers. A press copies the one it began on, though a row slides in before it ends.
let pressed = null;
addEventListener("pointerdown", (event) => { pressed = event.target.closest?.("[data-copy]") ?? null; });
addEventListener("click", (event) => {
  const code = (event.detail > 0 && pressed?.isConnected ? pressed : null) ?? event.target.closest?.("[data-copy]");
  pressed = null;
  if (code) copyCode(code);
});
