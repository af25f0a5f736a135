// What a page offers beside the conversation: keys, ways to begin, notices that one can close.

const REGRET = 10_000;  // how long a deleted conversation can be had back from here

const $ = (selector) => document.querySelector(selector);

// Keys for the whole page; where one writes they are letters.
export function offerKeys(field) {
  const dialog = $("#keys");
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      button.closest("[popover]")?.hidePopover();
      dialog.showModal();
    });
  }
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.closest("input, textarea, select") && !(event.target === field && !field.value && event.key === "?");
    if (isWriting || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.key === "?") {
      event.preventDefault();
      dialog.showModal();
    } else if (event.key === "/") {
      event.preventDefault();
      field.focus();
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

export function offerNotices(composer) {
  document.addEventListener("click", (event) => {
    const starter = event.target.closest(".starters a");
    if (!starter || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    composer.write(new URL(starter.href).searchParams.get("text"));
    composer.field.focus();
  });
  offerDemo(composer);
  offerUndo();
}

function offerDemo(composer) {
  const demo = $("#demo button");
  if (!demo) return;
  demo.hidden = false;
  demo.addEventListener("click", () => {
    document.cookie = "demo_noted=1; path=/; samesite=lax";  // until the browser is closed
    $("#demo").remove();
    composer.field.focus();
  });
}

// The offer goes after a while, but not from under somebody's pointer or focus.
function offerUndo() {
  const offer = $("#deleted");
  if (!offer) return;
  history.replaceState(null, "", location.pathname);  // a reload does not ask again
  const leave = () => offer.matches(":hover, :focus-within") ? setTimeout(leave, 1_000) : offer.remove();
  setTimeout(leave, REGRET);
}
