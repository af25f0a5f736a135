// The field where a person writes: what it holds survives a reload, and Enter sends it.

import { Choice } from "./choice.js";
import { storage } from "./outbox.js";
import { word } from "./words.js";

export class Composer {
  // `on` holds: send(text), stop(), editLast()
  constructor(form, on) {
    this.form = form;
    this.on = on;
    this.longest = Number(form.dataset.longest);
    this.field = form.querySelector("textarea");
    this.sender = form.querySelector("#send");
    this.stopper = form.querySelector("#stop");
    this.limit = form.querySelector("#limit");
    this.isLive = false;
    this.choice = new Choice(form);
    this.field.value ||= storage.get(this.key) ?? "";
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.stopper.addEventListener("click", () => on.stop());
    addEventListener("keydown", (event) => {
      const inMenu = document.querySelector(":popover-open, dialog:open");
      if (event.key === "Escape" && this.isLive && !inMenu) on.stop();
    });
    this.changed();
  }

  get key() {
    return `parley:draft:${document.body.dataset.person}:${document.body.dataset.conversation || "new"}`;
  }

  get isTooLong() {
    return this.field.value.length > this.longest && [...this.field.value].length > this.longest;
  }

  pressed(event) {
    if (event.isComposing || event.shiftKey) return;  // composing: Enter picks a word
    if (event.key === "Enter") {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.field.value && !this.isLive) {
      event.preventDefault();
      this.on.editLast();
    }
  }

  changed() {
    storage.set(this.key, this.field.value);
    this.sender.disabled = !this.field.value.trim() || this.isTooLong;
    this.field.toggleAttribute("aria-invalid", this.isTooLong);
    this.limit.textContent = this.isTooLong ? word("too-long", { n: this.count([...this.field.value].length), most: this.count(this.longest) }) : "";
    if (!CSS.supports("field-sizing", "content")) {
      this.field.rows = Math.min(12, this.field.value.split("\n").length);
    }
  }

  count(number) {
    return number.toLocaleString(document.documentElement.lang);
  }

  send() {
    if (this.isLive || this.sender.disabled) return;
    const text = this.field.value;
    if (document.activeElement === this.sender) this.field.focus();  // an empty field takes the button away
    this.write("");
    this.on.send(text);
  }

  write(text) {
    this.field.value = text;
    this.changed();
  }

  // While an answer is written the button stops it; the field stays open for the next question.
  live(isLive) {
    if (isLive === this.isLive) return;
    const hadFocus = this.form.contains(document.activeElement);
    this.isLive = isLive;
    this.stopper.hidden = !isLive;
    this.sender.hidden = isLive;
    if (hadFocus) this.field.focus();
  }
}
