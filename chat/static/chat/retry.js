// The wait that a provider asked for: counted down on the button, and at its end the question goes out once by itself.

import { word } from "./words.js";

// Counts `seconds` down on `button`. With `again` the question is asked again at zero, unless the reader says no.
export function countDown(button, seconds, again = null) {
  const end = Date.now() + seconds * 1_000;  // a sleeping computer counts too
  let isOff = false;
  const leave = again && offerLeave(button, () => { isOff = true; });
  const tick = () => {
    if (!button.isConnected) return;
    const left = Math.ceil((end - Date.now()) / 1_000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? word(again && !isOff ? "trying-in" : "retry-in", { n: left }) : word("retry");
    if (left > 0) {
      setTimeout(tick, 1_000);
      return;
    }
    leave?.remove();
    if (again && !isOff) again();
  };
  tick();
}

function offerLeave(button, leave) {
  const made = document.querySelector('[data-blank="leave"]').content.firstElementChild.cloneNode(true);
  made.addEventListener("click", () => {
    leave();
    made.remove();
  });
  button.before(made);
  return made;
}
