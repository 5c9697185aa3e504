// Sends a form of the page without leaving it. Without scripts the same form works by itself.
import { complain } from "./say.js";
import { words } from "./words.js";

const PATIENCE = 15_000;

// Answers {data} or null; what went wrong is said beside the form. `more` is sent with what the form holds.
export async function post(form, { to = form.action, beside = form, more = {} } = {}) {
  if (form.dataset.sending) return null;
  form.dataset.sending = "1";
  complain(beside, "");
  const busy = setTimeout(() => form.setAttribute("aria-busy", "true"), 300);
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  try {
    const answer = await fetch(to, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    const isJson = answer.headers.get("content-type")?.includes("json");
    const data = isJson ? await answer.json() : {};
    if (answer.ok) return { data };
    complain(beside, data.error || words("failed"));
  } catch {
    complain(beside, words("failed"));
  } finally {
    clearTimeout(busy);
    form.removeAttribute("aria-busy");
    delete form.dataset.sending;
  }
  return null;
}
