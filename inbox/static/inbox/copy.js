// Copy: by the button, by a click on the address, by the key c. Says so, or selects the address and says that.
import { say, toast } from "./say.js";
import { words } from "./words.js";

const DONE = 1600;
const address = document.querySelector("#address span");
const button = document.getElementById("copy");
const label = button.querySelector("[data-words]");
const icon = button.querySelector("use");
const rest = label.textContent;
let timer;

export async function copyAddress() {
  if (await put(address.textContent.trim())) {
    label.textContent = words("copied");
    icon.setAttribute("href", "#i-done");
    say(words("copied"));
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = rest;
      icon.setAttribute("href", "#i-copy");
    }, DONE);
  } else {
    getSelection().selectAllChildren(address);
    toast(words("not-copied"));
  }
}

async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard outside a secure context, or not allowed: the old way, from a selection.
    getSelection().selectAllChildren(address);
    const done = document.execCommand("copy");
    if (done) getSelection().removeAllRanges();
    return done;
  }
}

button.addEventListener("click", copyAddress);
address.addEventListener("click", copyAddress);
