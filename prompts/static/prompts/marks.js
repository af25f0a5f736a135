// Marks in the text while it is written: a copy of each text lies under its field and carries the colours.
const TAG = /\{\{[ \t]*([#^\/]?)[ \t]*([A-Za-z_]\w{0,63})[ \t]*\}\}/g;

export function marks(form, words) {
  const notice = document.querySelector("#unknown");
  let unknown = [];

  function paintOne(editor, known, found) {
    const [copy, field] = [editor.querySelector("pre"), editor.querySelector("textarea")];
    const text = field.value;
    const pieces = [];
    let at = 0;
    for (const match of text.matchAll(TAG)) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      if (!known.has(match[2])) {
        mark.className = "unknown";
        if (!found.get(match[2])) found.set(match[2], match[1] !== "");  // one that sections ask for may be left out
      }
      pieces.push(text.slice(at, match.index), mark);
      at = match.index + match[0].length;
    }
    copy.replaceChildren(...pieces, `${text.slice(at)}\n`);  // a last line break has no height of its own
    editor.classList.add("marked");
  }

  return {
    unknown: () => unknown,
    paint(names) {
      const [known, found] = [new Set(names), new Map()];
      for (const editor of form.querySelectorAll(".editor")) paintOne(editor, known, found);
      unknown = [...found].map(([name, optional]) => ({ name, optional }));
      notice.hidden = unknown.length === 0;
      const said = words.unknown.replace("{name}", unknown.map(({ name }) => `“${name}”`).join(", "));
      if (unknown.length && notice.querySelector("p").textContent !== said) notice.querySelector("p").textContent = said;
    },
  };
}
