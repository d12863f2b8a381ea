// Keys of the actions: one letter each, which a person may change or switch off (WCAG 2.1.4).

export const ACTIONS = {
  safe: ["s", "Decide: safe"],
  unsafe: ["u", "Decide: unsafe, in the chosen categories"],
  reveal: ["v", "Show or hide the picture"],
  hold: [" ", "Show the picture while it is held"],
  original: ["o", "Show or hide the whole upload, larger"],
  note: ["n", "Write a note"],
  skip: ["k", "Leave this item to others"],
  escalate: ["e", "Escalate as possibly illegal"],
  alike: ["a", "Go to the identical items, to decide alike on them"],
  park: ["p", "Let it wait until a time"],
  undo: ["z", "Take the last decision back"],
  help: ["?", "Show the keys"],
};
const STORED = "review-keys";

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? {};
  } catch {
    return {};
  }
}

// `{on, keys: {action: key}}`; digits always choose categories.
export function settings() {
  const { on = true, keys } = stored();
  const own = Object.entries(ACTIONS).map(([action, [key]]) => [action, keys?.[action] ?? key]);
  return { on: on === true, keys: Object.fromEntries(own) };
}

export function save(changed) {
  localStorage.setItem(STORED, JSON.stringify(changed));
}

export const nameOf = (key) => (key === " " ? "Space" : key.toUpperCase());

// The action of a key press, or a digit; null for none, in fields, with modifiers and for held keys.
export function actionOf(event, { on, keys }) {
  if (!on || event.ctrlKey || event.altKey || event.metaKey || isField(event.target)) return null;
  if (event.key === " " && event.target.closest?.("button, summary, a, input")) return null;
  if (/^[0-9]$/.test(event.key)) return event.key;
  const of = (pressed) => Object.keys(keys).find((action) => keys[action] === pressed);
  return of(event.key.toLowerCase()) ?? digitAt(event.code) ?? (isLatin(event.key) ? null : of(letterAt(event.code)) ?? null);
}

// On layouts that write other letters, or digits with Shift alone, the place of a key counts.
const digitAt = (code) => /^Digit([0-9])$/.exec(code)?.[1];
const letterAt = (code) => /^Key([A-Z])$/.exec(code)?.[1].toLowerCase();
const isLatin = (key) => /^[\x20-\x7e]+$/.test(key);

// A box that is ticked takes no letters. A dialog that was just closed may still have the focus.
function isField(target) {
  return Boolean(target?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, dialog[open]"));
}
