// The theme: "auto" follows the system, "light" and "dark" do not. Runs before the first paint, so that
// nothing flashes. The admin's own switch reads and writes the same key with the same three words.
(() => {
  const KEY = "theme";
  const WORDS = ["auto", "light", "dark"];

  function kept() {
    try {
      const word = localStorage.getItem(KEY);
      return WORDS.includes(word) ? word : "auto";
    } catch {
      return "auto";  // storage is closed to us: follow the system
    }
  }

  function keep(word) {
    try {
      localStorage.setItem(KEY, word);
    } catch { /* it lasts until the page is left */ }
  }

  function show(word) {
    document.documentElement.dataset.theme = word;
    for (const button of document.querySelectorAll("[data-theme-choice] button")) {
      button.setAttribute("aria-pressed", String(button.value === word));
    }
  }

  show(kept());
  addEventListener("storage", (event) => event.key === KEY && show(kept()));
  addEventListener("DOMContentLoaded", () => {
    show(kept());
    for (const group of document.querySelectorAll("[data-theme-choice]")) {
      group.hidden = false;
      group.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (!button) return;
        keep(button.value);
        show(button.value);
      });
    }
  });
})();
