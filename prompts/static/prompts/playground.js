// Two answers side by side, each a stream of its own; stopping one closes its model.
import { events } from "./stream.js";

export function playground(address, form, words) {
  const [play, stop] = [document.querySelector("#play"), document.querySelector("#stop")];
  const sides = [...document.querySelectorAll("[data-side]")];
  let asking = null;

  async function ask(side) {
    const [reply, facts] = [side.querySelector(".reply"), side.querySelector(".facts")];
    const caret = Object.assign(document.createElement("span"), { className: "caret" });
    caret.setAttribute("aria-hidden", "true");
    facts.replaceChildren();
    reply.replaceChildren(caret);
    side.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { method: "POST", body: asked(side.dataset.side), signal: asking.signal });
      if (!response.ok) throw new Refused((await response.json()).text);
      if (!(await read(response, caret, facts))) throw new Refused(words.broken);
    } catch (error) {
      tell(facts, error);
    } finally {
      caret.remove();
      side.removeAttribute("aria-busy");
    }
  }

  function asked(side) {
    const data = new FormData(form);
    data.set("side", side);
    data.set("said", document.querySelector("#said").value);
    data.set("case", document.querySelector("#case").value);
    return data;
  }

  async function read(response, caret, facts) {
    for await (const { event, data } of events(response.body)) {
      if (event === "delta") caret.before(data.text);
      if (event === "error") throw new Refused(data.text);
      if (event === "end") {
        facts.replaceChildren(...data.facts.map(item));
        return true;
      }
    }
    return false;
  }

  function tell(facts, error) {
    const said = item(error instanceof Refused ? error.message : error.name === "AbortError" ? words.stopped : words.offline);
    if (error instanceof Refused) said.className = "worse";
    facts.replaceChildren(said);
  }

  play.addEventListener("click", async () => {
    asking = new AbortController();
    play.disabled = true;
    stop.hidden = false;
    await Promise.all(sides.map(ask));
    play.disabled = false;
    stop.hidden = true;
  });
  stop.addEventListener("click", () => asking?.abort());
  document.querySelector("#playground").hidden = false;
}

class Refused extends Error {}

function item(text) {
  const made = document.createElement("li");
  made.textContent = text;
  return made;
}
