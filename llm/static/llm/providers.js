// The page works without this: it adds Copy, and says while a test runs that it runs.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const word = button.querySelector("span");
  const said = word.textContent;
  button.addEventListener("click", async () => {
    const lines = button.parentElement.querySelector("pre");
    try {
      await navigator.clipboard.writeText(lines.textContent);
      word.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(lines);  // no clipboard without HTTPS: the lines are chosen, ready for Ctrl-C
      word.textContent = "Press Ctrl-C";
    }
    setTimeout(() => { word.textContent = said; }, 2000);
  });
}

for (const form of document.querySelectorAll("form.test")) {
  const button = form.querySelector("button");
  const word = button.querySelector("span");
  const said = word.textContent;
  const off = button.disabled;
  form.addEventListener("submit", () => {
    word.textContent = button.dataset.busy;
    form.ariaBusy = "true";
    setTimeout(() => { button.disabled = true; });  // after the form is on its way
  });
  addEventListener("pageshow", () => {  // the back button may bring this page as it was left
    button.disabled = off;
    word.textContent = said;
    form.ariaBusy = null;
  });
}
