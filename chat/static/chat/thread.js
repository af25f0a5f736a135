// The messages on the page, along one branch: questions on their way, answers being written, and the server's HTML at
// their end.

import { colour, offerButtons } from "./code.js";
import { Earlier } from "./earlier.js";
import { Live } from "./live.js";
import * as pages from "./pages.js";
import { countDown } from "./retry.js";
import { settle } from "./settle.js";
import { typeset } from "./typeset.js";
import { word } from "./words.js";

export class Thread {
  // `on` holds: again(message), ask(generation, after), heard(text), elsewhere(message)
  constructor(list, on) {
    this.list = list;
    this.on = on;
    this.lives = new Map();
    this.own = new Set();  // questions that this tab asked
    this.tried = new Set();  // those that were asked again by themselves, which happens once
    for (const item of list.children) this.adopt(item);
    this.earlier = new Earlier(this);
  }

  get conversation() {
    return document.body.dataset.conversation;
  }

  // The last message that the server has.
  get leaf() {
    return [...this.list.querySelectorAll(":scope > [data-message]")].at(-1)?.dataset.message;
  }

  get lastQuestion() {
    return [...this.list.querySelectorAll(":scope > .asked[data-message]")].at(-1);
  }

  question(clientId) {
    return clientId ? this.list.querySelector(`[data-client="${clientId}"]`) : null;
  }

  // Takes an element of the server's into the page's life.
  adopt(item, isOwn = false) {
    for (const button of item.querySelectorAll(".tools [hidden]")) button.hidden = false;
    if (item.dataset.status === "streaming" && item.dataset.generation) {
      this.follow(item);
      return;
    }
    offerButtons(item);
    colour(item);
    typeset(item);
    const button = item.querySelector("[data-wait]");
    if (button) countDown(button, Number(button.dataset.wait), isOwn ? () => this.tryAgain(item) : null);
  }

  tryAgain(item) {
    this.tried.add(item.dataset.parent);
    this.on.again(item.dataset.message);
  }

  follow(item) {
    const { generation } = item.dataset;
    this.lives.set(generation, new Live(item, {
      ask: (after) => this.on.ask(generation, after),
      heard: this.on.heard,
      sealed: (block) => {
        offerButtons(block);
        colour(block);
      },
    }));
  }

  blank(name) {
    const made = document.querySelector(`template[data-blank="${name}"]`).content.firstElementChild.cloneNode(true);
    for (const button of made.querySelectorAll(".tools [hidden]")) button.hidden = false;
    return made;
  }

  // Shows a question before the server has it; one that replaces another takes its place and all below it.
  ask({ id, text, type, message }) {
    const item = this.question(id) ?? this.blank("user");
    item.removeAttribute("data-message");
    item.id = `q-${id}`;
    item.dataset.client = id;
    item.dataset.unsent = word("unsent");  // seen while there is no line
    item.querySelector(".said").textContent = text;
    item.querySelector(".notice")?.remove();
    item.classList.add("sending");
    const replaced = type === "edit" && document.getElementById(`m-${message}`);
    if (replaced) this.cut(replaced);
    if (!item.isConnected) this.list.append(item);
  }

  // Takes a message and all below it from the page.
  cut(first) {
    for (let item = first, next; item; item = next) {
      next = item.nextElementSibling;
      this.lives.delete(item.dataset.generation);
      item.remove();
    }
  }

  // Says under a question why it was not taken. `again` sends it once more when the wait is over.
  fail(clientId, text, wait = 0, again = null) {
    const item = this.question(clientId);
    if (!item) return;
    const notice = this.blank("failed");
    notice.querySelector("p").textContent = text;
    item.classList.remove("sending");
    item.querySelector(".notice")?.remove();
    item.append(notice);
    if (wait) countDown(notice.querySelector("[data-resend]"), wait, again);
  }

  // An answer begins: below the last message, or in the place of those below its question if this tab asked for it.
  // What begins on another branch is only told of.
  async start(frame) {
    if (this.lives.has(frame.generation)) return false;
    const isOwn = this.confirm(frame);
    const question = document.getElementById(`m-${frame.parent}`) ?? await this.fetched(frame.parent);
    const below = question?.nextElementSibling;
    const isHere = below?.dataset.message === frame.message;
    if (!question || (below?.dataset.message && !isHere && !isOwn)) {
      this.on.elsewhere(frame.message);
      return false;
    }
    if (below?.dataset.message) this.cut(below);
    this.put(frame, question);
    return isOwn;
  }

  put(frame, question) {
    const item = this.blank("assistant");
    item.id = `m-${frame.message}`;
    Object.assign(item.dataset, { message: frame.message, parent: frame.parent, generation: frame.generation, seq: 0 });
    this.fact(item, "prompt", frame.prompt && `${frame.prompt} v${frame.prompt_version}`);
    this.fact(item, "model", frame.model.slice(frame.model.indexOf(":") + 1));
    question.after(item);
    this.follow(item);
  }

  fact(item, name, words) {
    const fact = item.querySelector(`[data-fact="${name}"]`);
    fact.textContent = words;
    fact.hidden = !words;
  }

  // The server has the question: ours takes its id. True if this tab asked.
  confirm({ parent, client_id: clientId }) {
    const ours = this.question(clientId);
    if (ours && !ours.dataset.message) {
      ours.id = `m-${parent}`;
      ours.dataset.message = parent;
      ours.classList.remove("sending");
      ours.querySelector(".notice")?.remove();
      this.own.add(parent);
    }
    return this.own.has(parent);
  }

  // A question of another tab's, if it follows what is shown here.
  async fetched(id) {
    const item = await pages.message(this.conversation, id);
    if (!item || (item.dataset.parent ?? "") !== (this.leaf ?? "")) return null;
    const last = document.getElementById(`m-${this.leaf}`);
    if (last) last.after(item);
    else this.list.prepend(item);
    this.adopt(item);
    return item;
  }

  delta(frame) {
    this.lives.get(frame.generation)?.delta(frame);
  }

  step(frame) {
    this.lives.get(frame.generation)?.step(frame);
  }

  // False if the answer was not followed here.
  async end(frame) {
    const live = this.lives.get(frame.generation);
    if (!live) return false;
    this.lives.delete(frame.generation);
    await live.finish();
    const { message, parent } = live.item.dataset;
    const item = await pages.message(this.conversation, message);
    if (item) {
      await settle(live.item, item);
      this.adopt(live.item, this.own.has(parent) && !this.tried.has(parent));
    } else live.item.setAttribute("aria-busy", "false");  // the words are all there; the rest comes with the next look
    this.own.delete(parent);
    await this.renew(parent);
    return true;
  }

  // A question that was edited has versions, which the server knows.
  async renew(id) {
    const here = document.getElementById(`m-${id}`);
    if (!here?.classList.contains("edited")) return;
    const item = await pages.message(this.conversation, id);
    if (item) this.replace(here, item);
  }

  replace(old, item) {
    const hadFocus = old.contains(document.activeElement);
    this.lives.delete(old.dataset.generation);
    old.replaceWith(item);
    this.adopt(item);
    if (hadFocus) item.querySelector("button")?.focus();
  }

  // Brings the page to what the server has along the branch of `leaf`; false if it could not be had. The server
  // sends the end of the thread: what was loaded above it stays.
  async sync(leaf = this.leaf) {
    const found = await pages.thread(this.conversation, leaf);
    if (!found) return false;
    const { items, earlier } = found;
    const first = document.getElementById(items[0]?.id);
    if (!first) this.earlier.show(earlier);
    let last = first?.previousElementSibling ?? null;
    const shown = new Set(items.map(({ id }) => id));
    for (let above = last; above; above = above.previousElementSibling) shown.add(above.id);
    for (const item of [...this.list.querySelectorAll(":scope > [data-message]")]) {
      if (shown.has(item.id)) continue;
      this.lives.delete(item.dataset.generation);
      item.remove();
    }
    for (const item of items) last = this.merge(item, last);
    return true;
  }

  // Puts messages that stand before the first one here.
  prepend(items) {
    for (const item of items.filter(({ id }) => !document.getElementById(id)).reverse()) {
      this.list.prepend(item);
      this.adopt(item);
    }
  }

  // Puts one message of the server's after `last`, unless it is here; returns what stands on the page.
  merge(item, last) {
    const here = document.getElementById(item.id) ?? this.question(item.dataset.client);
    if (here && this.isCurrent(here, item)) return here;
    if (here) this.replace(here, item);
    else {
      this.list.insertBefore(item, last ? last.nextSibling : this.list.firstChild);
      this.adopt(item);
    }
    return item;
  }

  // An answer that has ended here cannot go on there: then the server's page is the older one.
  isCurrent(here, item) {
    if (here.id !== item.id || here.querySelector(".siblings")?.textContent !== item.querySelector(".siblings")?.textContent) return false;
    return here.dataset.status === item.dataset.status || item.dataset.status === "streaming";
  }

  // True if the server has this question.
  has(clientId) {
    return Boolean(this.question(clientId)?.dataset.message);
  }

  // True if what is live here is what is live there.
  agrees(generations) {
    return generations.length === this.lives.size && generations.every(({ generation }) => this.lives.has(generation));
  }
}
