// The chat page: puts its parts together and tells each what the others have to say.

import { Composer } from "./composer.js";
import { Follow } from "./follow.js";
import { Outbox, newId } from "./outbox.js";
import * as pages from "./pages.js";
import { Sidebar } from "./sidebar.js";
import { Socket } from "./socket.js";
import { Thread } from "./thread.js";
import { announce, banner, name, problem } from "./words.js";

const NO_PLACE = "The conversation could not be made, so nothing was sent. Check the connection and try again.";
const NO_LINE = "There is no connection right now. Try again when it is back.";

const $ = (selector) => document.querySelector(selector);
const here = document.body.dataset;  // person, conversation

let outbox, socket;
let isStale = false;  // true where the page may be older than what the server has
let isStopWanted = false;  // asked for before the answer had an id

const sidebar = new Sidebar($("#conversations"), $("#find"));
const thread = new Thread($("#messages"), {
  again: (message) => say({ type: "regenerate", message }),
  resend: (id) => put(id, outbox.waiting.get(id).text),
  ask: (generation, after) => socket.send({ type: "resume", generation, after }),
  ended: (finish) => announce(finish),
});
const follow = new Follow($("#messages"), $("#to-end"));
const composer = new Composer($("#composer"), { send, stop });

async function send(text) {
  problem("");
  if (!here.conversation && !await settle()) {
    composer.write(text);
    problem(NO_PLACE);
    return;
  }
  const id = newId();
  outbox.add(id, text);
  put(id, text);
  follow.toEnd();
}

// The first message makes the conversation; the page stays, its address changes.
async function settle() {
  const made = await pages.begin();
  if (!made) return false;
  history.replaceState(null, "", made.url);
  here.conversation = made.id;
  composer.field.placeholder = "Reply";
  $("#hello").remove();
  $("#main").classList.remove("fresh");
  connect();
  return true;
}

function put(id, text) {
  isStopWanted = false;
  outbox.refuse(id, "");
  thread.ask(id, text);
  socket.send({ type: "send", id, text });  // if nobody hears it, it goes when the socket is back
  showLive();
}

function stop() {
  isStopWanted = thread.lives.size === 0;
  for (const generation of thread.lives.keys()) say({ type: "stop", generation });
}

function say(frame) {
  problem(socket.send(frame) ? "" : NO_LINE);
}

function showLive() {
  composer.live(thread.lives.size > 0 || $(".asked.sending") !== null);
  follow.live(thread.lives.size > 0);
}

// What waits in the outbox goes out; what was refused is shown with its reason.
function flush() {
  for (const [id, { text, fault }] of outbox.waiting) {
    if (thread.has(id)) outbox.remove(id);
    else if (fault) thread.refused(id, text, fault);
    else put(id, text);
  }
}

// A conversation that was begun on this page gets its title and its menu.
async function renewHead() {
  const head = await pages.head(here.conversation);
  if (!head || $("#more")) return;
  $(".thread-head").replaceWith(head);
  name($("#title").textContent);
}

// What each frame of the server's does.
const frames = {
  async state({ title, generations }) {
    name(title);
    const isSure = !isStale && thread.agrees(generations);
    isStale = true;  // by the next one time has passed
    if (!isSure) await thread.sync();
    for (const live of thread.lives.values()) thread.on.ask(live.generation, live.seq);
    flush();
  },
  start(frame) {
    outbox.remove(frame.client_id);
    thread.start(frame);
    if (isStopWanted) stop();
    announce("streaming");
    sidebar.refresh();
  },
  delta(frame) {
    thread.delta(frame);
  },
  async end(frame) {
    await thread.end(frame);
    sidebar.refresh();
    if (!$("#more")) renewHead();
  },
  error({ text, client_id: clientId }) {
    if (!clientId) return problem(text);
    outbox.refuse(clientId, text);
    thread.fail(clientId, text);
  },
};

function connect() {
  outbox = new Outbox(here.conversation);
  isStale = outbox.waiting.size > 0;
  socket = new Socket(`/ws/chat/${here.conversation}/`, {
    frame: async (frame) => {
      await frames[frame.type]?.(frame);
      showLive();
    },
    up: () => banner("up"),
    down: () => banner(navigator.onLine ? "lost" : "offline"),
    refused: (code) => {
      problem("");  // the banner says it
      banner(code);
    },
  });
}

$("#offline button").addEventListener("click", () => socket.now());
$("#problem button").addEventListener("click", () => problem(""));

document.addEventListener("click", (event) => {
  const starter = event.target.closest(".starters a");
  if (!starter || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  composer.write(new URL(starter.href).searchParams.get("text"));
  composer.field.focus();
});

const demo = $("#demo button");
if (demo) {
  demo.hidden = false;
  demo.addEventListener("click", () => {
    document.cookie = "demo_noted=1; path=/; samesite=lax";  // until the browser is closed
    $("#demo").remove();
    composer.field.focus();
  });
}

if (here.conversation) {
  connect();
  follow.toEnd();
}
showLive();
