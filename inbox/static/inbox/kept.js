// What this browser remembers: a few switches. Storage may be closed; then nothing is remembered and nothing breaks.
export function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch { /* not remembered */ }
}
