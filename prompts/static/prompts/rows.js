// Rows of messages and variables: one more is a copy of the empty one that the server wrote.
export function rows(form, changed) {
  const variables = document.querySelector("#variables");
  const messages = document.querySelector("#messages");

  function add(kind, place, before) {
    const total = form.querySelector(`#id_${kind}s-TOTAL_FORMS`);
    const row = document.querySelector(`#${kind}-row`).content.cloneNode(true);
    for (const element of row.querySelectorAll("*")) {
      for (const attribute of ["id", "name", "for"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace("__prefix__", total.value));
      }
      if (element.localName === "label" && !element.children.length) {
        element.textContent = element.textContent.replace("__prefix__", String(Number(total.value) + 1));
      }
    }
    const added = row.firstElementChild;
    place.insertBefore(added, before);
    total.value = String(Number(total.value) + 1);
    return added;
  }

  const table = {
    names: () => [...variables.querySelectorAll("[name$='-name']")].map((field) => field.value.trim()).filter(Boolean),
    addMessage: () => add("message", messages, messages.querySelector(":scope > .go")),
    addRow: () => add("variable", variables, null),
    addVariable({ name, optional }) {
      const free = [...variables.querySelectorAll("[name$='-name']")].find((field) => !field.value);
      const field = free ?? table.addRow().querySelector("[name$='-name']");
      const row = field.closest("[role=row]");
      field.value = name;
      row.querySelector("[name$='-required']").checked = !optional;
      changed();
      row.querySelector("[name$='-sample']").focus();
    },
  };
  for (const [button, act, field] of [["#add-message", table.addMessage, "textarea"], ["#add-variable", table.addRow, "input"]]) {
    document.querySelector(button).hidden = false;
    document.querySelector(button).addEventListener("click", () => act().querySelector(field).focus());
  }
  return table;
}
