// What is written and not saved yet outlives the tab: it is kept in this browser until it is saved or discarded.
const PAUSE = 500;

export function keepDraft(key, form, table, words, changed) {
  const state = document.querySelector("#draft-state");
  const discard = document.querySelector("#discard");
  const begun = written(form);
  let timer = 0;

  function tell(at) {
    const time = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    state.textContent = words.draft.replace("{time}", time);
    discard.hidden = false;
  }

  function keep() {
    const now = written(form);
    if (JSON.stringify(now) === JSON.stringify(begun)) {
      forget();
    } else {
      store(() => localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: now })));
      tell(Date.now());
    }
  }

  function forget() {
    store(() => localStorage.removeItem(key));
    state.textContent = "";
    discard.hidden = true;
  }

  const kept = form.hasAttribute("data-kept") ? null : store(() => JSON.parse(localStorage.getItem(key)));
  if (kept?.fields) {
    restore(form, table, kept.fields);
    tell(kept.at);
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    forget();  // what is refused comes back in the page itself
  });
  discard.addEventListener("click", () => {
    clearTimeout(timer);
    restore(form, table, begun);
    forget();
    changed();
  });
}

function store(act) {
  try {
    return act();
  } catch {
    return null;  // storage is closed to us, or holds something else
  }
}

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.name !== "against");
}

function written(form) {
  return Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]));
}

function restore(form, table, fields) {
  const missing = (kind) => Object.keys(fields).some((name) => name.startsWith(`${kind}-`) && !form.elements[name]);
  while (missing("messages")) table.addMessage();
  while (missing("variables")) table.addRow();
  for (const field of fieldsOf(form)) {
    const value = fields[field.name];
    if (field.type === "checkbox") field.checked = value ?? true;
    else field.value = value ?? (field.localName === "select" ? field.value : "");
  }
}
