// The page's words, from its #strings template, where Django has translated them.
const all = new Map();
for (const node of document.getElementById("strings")?.content.children ?? []) all.set(node.dataset.name, node.textContent);
const rules = new Intl.PluralRules(document.documentElement.lang || "en");

// A sentence by name; {placeholders} are filled as text.
export function words(name, values = {}) {
  return (all.get(name) ?? "").replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

// A sentence with a number in it, in the plural form that the language asks for.
export function counted(name, n) {
  const form = `${name}.${rules.select(n)}`;
  return words(all.has(form) ? form : `${name}.other`, { n: n.toLocaleString(document.documentElement.lang) });
}
