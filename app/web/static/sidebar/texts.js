// The words that scripts put on screen; they come with the page, from the one catalogue.

const catalogue = new Map();

export function learn(texts) {
  for (const [key, words] of Object.entries(texts)) { catalogue.set(key, words); }
}

export function t(key, values = {}) {
  const words = catalogue.get(key) ?? key;
  return words.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}
