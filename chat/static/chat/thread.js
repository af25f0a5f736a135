// The messages on the page: questions on their way, answers being written, and the server's HTML at their end.

import { copy, offerCopies } from "./copy.js";
import { Live } from "./live.js";
import * as pages from "./pages.js";

export class Thread {
  // `on` holds: again(message), resend(clientId), ask(generation, after), ended(status)
  constructor(list, on) {
    this.list = list;
    this.on = on;
    this.lives = new Map();
    list.addEventListener("click", (event) => this.clicked(event.target));
    for (const item of list.children) this.adopt(item);
  }

  get conversation() {
    return document.body.dataset.conversation;
  }

  clicked(target) {
    const button = target.closest("button");
    if (button?.dataset.again) this.on.again(button.dataset.again);
    else if (button?.dataset.copy) copy(button);
    else if (button?.dataset.resend !== undefined) this.on.resend(button.closest("li").dataset.client);
  }

  // Takes an element of the server's into the page's life.
  adopt(item) {
    offerCopies(item);
    if (item.dataset.status === "streaming" && item.dataset.generation) this.follow(item);
  }

  follow(item) {
    const { generation } = item.dataset;
    this.lives.set(generation, new Live(item, (after) => this.on.ask(generation, after)));
  }

  blank(name) {
    return document.querySelector(`template[data-blank="${name}"]`).content.firstElementChild.cloneNode(true);
  }

  // Shows a question before the server has it.
  ask(clientId, text) {
    const item = this.list.querySelector(`[data-client="${clientId}"]`) ?? this.blank("user");
    item.removeAttribute("data-message");
    item.id = `q-${clientId}`;
    item.dataset.client = clientId;
    item.querySelector(".said").textContent = text;
    item.querySelector(".notice")?.remove();
    item.classList.add("sending");
    if (!item.isConnected) this.list.append(item);
  }

  // Says under a question why it was not taken.
  fail(clientId, text) {
    const item = this.list.querySelector(`[data-client="${clientId}"]`);
    const notice = this.blank("failed");
    notice.querySelector("p").textContent = text;
    item?.classList.remove("sending");
    item?.querySelector(".notice")?.remove();
    item?.append(notice);
  }

  // Shows a question that was not taken, from an earlier life of this tab.
  refused(clientId, text, fault) {
    this.ask(clientId, text);
    this.fail(clientId, fault);
  }

  start(frame) {
    if (this.lives.has(frame.generation)) return;
    this.confirm(frame);
    const item = this.blank("assistant");
    item.id = `m-${frame.message}`;
    Object.assign(item.dataset, { message: frame.message, parent: frame.parent, generation: frame.generation, seq: 0 });
    this.fact(item, "prompt", frame.prompt && `${frame.prompt} v${frame.prompt_version}`);
    this.fact(item, "model", frame.model.slice(frame.model.indexOf(":") + 1));
    const before = document.getElementById(item.id) ?? this.list.querySelector(`.answer[data-parent="${frame.parent}"]`);
    if (before) before.replaceWith(item);
    else this.list.append(item);
    this.follow(item);
  }

  fact(item, name, words) {
    const fact = item.querySelector(`[data-fact="${name}"]`);
    fact.textContent = words;
    fact.hidden = !words;
  }

  // The server has the question: ours takes its id; another tab's comes as the server renders it.
  async confirm({ parent, client_id: clientId }) {
    const ours = clientId && this.list.querySelector(`[data-client="${clientId}"]`);
    if (ours) {
      ours.id = `m-${parent}`;
      ours.dataset.message = parent;
      ours.classList.remove("sending");
      ours.querySelector(".notice")?.remove();
    } else if (parent && !document.getElementById(`m-${parent}`)) {
      const item = await pages.message(this.conversation, parent);
      if (!item || document.getElementById(item.id)) return;
      const answer = this.list.querySelector(`.answer[data-parent="${parent}"]`);
      this.list.insertBefore(item, answer);
    }
  }

  delta(frame) {
    this.lives.get(frame.generation)?.delta(frame);
  }

  async end(frame) {
    const live = this.lives.get(frame.generation);
    if (!live) return;
    this.lives.delete(frame.generation);
    this.on.ended(frame.finish);
    const item = await pages.message(this.conversation, live.item.dataset.message);
    if (item) this.replace(live.item, item);
    else live.item.setAttribute("aria-busy", "false");  // the words are all there; the rest comes with the next look
    if (item) this.wait(item);
  }

  replace(old, item) {
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(item);
    this.adopt(item);
    if (hadFocus) item.querySelector("button")?.focus();
  }

  // Counts the seconds that the provider asked for down on the button; then it may be pressed.
  wait(item) {
    const button = item.querySelector("[data-wait]");
    if (!button) return;
    let left = Number(button.dataset.wait);
    const tick = () => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `Retry in ${left} s` : "Retry";
      if (left-- > 0 && button.isConnected) setTimeout(tick, 1_000);
    };
    tick();
  }

  // Brings the page to what the server has: after a lost connection, or when the two disagree.
  async sync() {
    let last = null;
    for (const item of await pages.thread(this.conversation)) {
      const client = item.dataset.client;
      const here = document.getElementById(item.id) ?? (client && this.list.querySelector(`[data-client="${client}"]`));
      if (here && this.isCurrent(here, item)) {
        last = here;
        continue;
      }
      if (here?.dataset.generation) this.lives.delete(here.dataset.generation);
      if (here) this.replace(here, item);
      else {
        this.list.insertBefore(item, last ? last.nextSibling : this.list.firstChild);
        this.adopt(item);
      }
      last = item;
    }
  }

  // An answer that has ended here cannot go on there: then the server's page is the older one.
  isCurrent(here, item) {
    if (here.id !== item.id) return false;
    return here.dataset.status === item.dataset.status || item.dataset.status === "streaming";
  }

  // True if the server has this question.
  has(clientId) {
    return this.list.querySelector(`[data-client="${clientId}"][data-message]`) !== null;
  }

  // True if what is live here is what is live there.
  agrees(generations) {
    return generations.length === this.lives.size && generations.every(({ generation }) => this.lives.has(generation));
  }
}
