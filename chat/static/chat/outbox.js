// Questions that the server has not confirmed yet: {frame, fault, isOut}, by an id of ours, so that sending one twice
// starts one answer. They outlive a lost connection and a reload of the tab. A `fault` says why it was refused; one
// that `isOut` has left the browser, and may have been heard.

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));  // plain http on another machine has no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Session storage that may be closed to us; then things last until the page is left.
export const storage = {
  get: (key) => { try { return sessionStorage.getItem(key); } catch { return null; } },
  set: (key, value) => {
    try {
      if (value) sessionStorage.setItem(key, value);
      else sessionStorage.removeItem(key);
    } catch { /* full or forbidden */ }
  },
};

export class Outbox {
  constructor(conversation) {
    this.key = `parley:outbox:${conversation}`;
    this.waiting = new Map(JSON.parse(storage.get(this.key) ?? "[]").filter(([, { frame }]) => frame));
  }

  add(frame) {
    this.waiting.set(frame.id, { frame, fault: "", isOut: this.waiting.get(frame.id)?.isOut ?? false });
    this.keep();
  }

  out(id) {
    this.waiting.get(id).isOut = true;
    this.keep();
  }

  // The frame of a new question that nobody can have heard, which is forgotten then.
  takeBack() {
    const found = [...this.waiting.values()].find(({ frame, isOut }) => frame.type === "send" && !isOut);
    if (found) this.remove(found.frame.id);
    return found?.frame;
  }

  frame(id) {
    return this.waiting.get(id).frame;
  }

  refuse(id, fault) {
    const question = this.waiting.get(id);
    if (question) question.fault = fault;
    this.keep();
  }

  remove(id) {
    if (this.waiting.delete(id)) this.keep();
  }

  keep() {
    storage.set(this.key, this.waiting.size ? JSON.stringify([...this.waiting]) : "");
  }
}
