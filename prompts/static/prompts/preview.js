// The preview, the faults, the price and the changes of what is written: the server tells, a moment after.
const PAUSE = 200;  // milliseconds without a key

export function preview(page, form, words) {
  let timer = 0;
  let asking = null;

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    try {
      const response = await fetch(page.dataset.preview, { method: "POST", body: new FormData(form), signal: asking.signal });
      if (response.ok) show(await response.json());
    } catch (error) {
      if (error.name !== "AbortError") document.querySelector("#draft-state").textContent = words.offline;
    }
  }

  function show(told) {
    showFaults(told.errors);
    if (!told.messages) return;
    document.querySelector("#facts").replaceChildren(...told.facts.map((fact) => element("li", fact)));
    document.querySelector("#notes").replaceChildren(...told.notes.map((note) => element("li", note)));
    document.querySelector("#preview").replaceChildren(...told.messages.flatMap(message));
    const changes = document.querySelector("#changes");
    if (changes && told.changes) changes.replaceChildren(...changesOf(told.changes));
  }

  function showFaults(faults) {
    for (const old of form.querySelectorAll(".faults, .errorlist")) old.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const [name, said] of Object.entries(faults)) {
      const field = form.elements[name];
      if (!field?.closest) continue;
      field.setAttribute("aria-invalid", "true");
      const list = element("ul", "", "faults line");
      list.append(...said.map((fault) => element("li", fault)));
      (field.closest(".editor") ?? field).after(list);
    }
  }

  function message({ role, parts }) {
    const text = element("p", "", "rendered");
    for (const { kind, text: said } of parts) {
      text.append(kind === "text" ? said : kind === "value" ? element("b", said) : element("mark", said, kind));
    }
    return [element("p", capital(role), "said-as"), text];
  }

  function changesOf(changes) {
    if (!changes.any) return [element("p", words.same, "muted")];
    const shown = changes.messages.flatMap(({ role, was, pieces }) => {
      if (!was && pieces.every(([kind]) => kind === "same")) return [];
      const diff = element("div", "", "diff");
      for (const [kind, text] of pieces) diff.append(kind === "same" ? text : element(kind, text));
      const old = was ? `, ${words.was.replace("{role}", was)}` : "";
      return [element("p", capital(role) + old, "said-as"), diff];
    });
    return changes.settings.length ? [...shown, settings(changes.settings)] : shown;
  }

  function settings(changed) {
    const table = element("table", "", "changed");
    const head = table.createTHead().insertRow();
    for (const name of words.heads.split("|")) {
      const cell = element("th", name);
      cell.scope = "col";
      head.append(cell);
    }
    for (const [name, before, after] of changed) {
      const row = table.createTBody().insertRow();
      const title = element("th", name);
      title.scope = "row";
      row.append(title);
      row.insertCell().append(before ? element("del", before) : element("span", words.unset, "muted"));
      row.insertCell().append(after ? element("ins", after) : element("span", words.unset, "muted"));
    }
    return table;
  }

  return {
    later() {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    },
  };
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
