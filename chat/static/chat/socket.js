// One WebSocket that comes back: at once when the network or the reader does, else with full jitter.

const LAST_WORDS = new Set([4401, 4403, 4404]);  // signed out, not yours, gone: asking again helps nobody
const BASE = 500;
const LONGEST = 15_000;
const SILENCE = 1_200;  // a gap shorter than this is nobody's business

export class Socket {
  // `on` holds: frame(frame), up(), down(), refused(code)
  constructor(path, on) {
    this.address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.on = on;
    this.tries = 0;
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => event.persisted && this.open());
    this.open();
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.timer);
    this.isOver = false;
    const socket = this.socket = new WebSocket(this.address);
    socket.addEventListener("message", (event) => this.hear(socket, JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.lost(socket, event.code));
  }

  hear(socket, frame) {
    if (socket !== this.socket) return;
    if (frame.type === "state") {  // the server took us in; an open socket alone may still be refused
      this.tries = 0;
      clearTimeout(this.quiet);
      this.quiet = undefined;
      this.on.up();
    }
    this.on.frame(frame);
  }

  lost(socket, code) {
    if (socket !== this.socket || this.isOver) return;
    if (LAST_WORDS.has(code)) {
      this.isOver = true;
      this.on.refused(code);
      return;
    }
    this.quiet ??= setTimeout(() => this.on.down(), SILENCE);
    this.timer = setTimeout(() => this.open(), Math.random() * Math.min(LONGEST, BASE * 2 ** this.tries++));
  }

  now() {
    if (this.isOver || this.socket.readyState <= WebSocket.OPEN) return;
    this.tries = 0;
    this.open();
  }

  leave() {
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket.close();
  }

  // False if there is nobody to hear it.
  send(frame) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
}
