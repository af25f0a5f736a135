// A question that is written again in its place.

// Opens a form in the place of what `item` says; `send` gets the new text.
export function edit(item, send) {
  if (item.querySelector("[data-editor]")) return;
  const form = document.querySelector('[data-blank="edit"]').content.firstElementChild.cloneNode(true);
  const field = form.querySelector("textarea");
  const said = item.querySelector(".said");
  const close = () => {
    form.remove();
    item.classList.remove("editing");
    item.querySelector("[data-edit]")?.focus();
  };
  const done = () => {
    const text = field.value;
    const isNew = text.trim() && text !== said.textContent;
    close();
    if (isNew) send(text);
  };
  field.value = said.textContent;
  form.addEventListener("submit", (event) => { event.preventDefault(); done(); });
  form.querySelector("[data-cancel]").addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && event.target === field) {
      event.preventDefault();
      done();
    } else if (event.key === "Escape") {
      event.stopPropagation();  // Escape would stop an answer
      close();
    }
  });
  item.classList.add("editing");
  item.append(form);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}
