// The chat page: puts its parts together and tells each what the others have to say.

import { Branches } from "./branches.js";
import { toggleWrap } from "./code.js";
import { Composer } from "./composer.js";
import { copy, offerTex } from "./copy.js";
import { edit } from "./editor.js";
import { Follow } from "./follow.js";
import { idle } from "./pause.js";
import { warm } from "./markdown.js";
import { Opinion } from "./opinion.js";
import { Outbox, newId } from "./outbox.js";
import * as pages from "./pages.js";
import { offerKeys, offerNotices } from "./offers.js";
import { Sidebar } from "./sidebar.js";
import { Socket } from "./socket.js";
import { Speech } from "./speech.js";
import { decide } from "./steps.js";
import { Thread } from "./thread.js";
import { banner, name, problem, word } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const here = document.body.dataset;  // person, conversation

let outbox, socket;
let isStale = false;  // true where the page may be older than what the server has
let isStopWanted = false;  // asked for before the answer had an id
let lately = Promise.resolve();  // frames are done one after the other
const retried = new Set();  // questions that were sent again by themselves, which happens once

const sidebar = new Sidebar($("#conversations"), $("#find"), name);
const speech = new Speech(document.querySelectorAll("[data-announce-choice]"));
const opinion = new Opinion($("#note"));
const thread = new Thread($("#messages"), {
  again,
  ask: (generation, after) => socket.send({ type: "resume", generation, after }),
  heard: (text) => speech.heard(text),
  elsewhere: (message) => branches.elsewhere(message),
});
const branches = new Branches(thread, showLive);
const follow = new Follow($("#messages"), $("#to-end"));
const composer = new Composer($("#composer"), { send, stop, editLast: () => startEdit(thread.lastQuestion) });

async function send(text) {
  problem("");
  if (!here.conversation && !await settle()) {
    composer.write(text);
    problem(word("no-place"));
    return;
  }
  const parent = thread.leaf;
  put({ type: "send", id: newId(), text, ...(parent && { parent }), ...composer.choice.frame });
  follow.toEnd();
}

// The first message makes the conversation; the page stays, its address changes.
async function settle() {
  const made = await pages.begin();
  if (!made) return false;
  history.replaceState(null, "", made.url);
  here.conversation = made.id;
  composer.field.placeholder = word("reply");
  $("#hello").remove();
  $("#deleted")?.remove();
  $("#main").classList.remove("fresh");
  connect();
  return true;
}

// Shows a question and sends it; if nobody hears it, it goes when the socket is back.
function put(frame) {
  isStopWanted = false;
  outbox.add(frame);
  thread.ask(frame);
  if (frame.type === "edit") thread.question(frame.id).classList.add("edited");
  if (socket.send(frame)) outbox.out(frame.id);
  showLive();
}

function startEdit(item) {
  if (!item || composer.isLive) return;
  edit(item, (text) => {
    problem("");
    put({ type: "edit", id: newId(), message: item.dataset.message, text, ...composer.choice.frame });
  });
}

// Another answer to the same question, beside the one named here; one that goes on begins with its text.
function again(message, isGoingOn = false) {
  const { parent } = document.getElementById(`m-${message}`).dataset;
  const how = isGoingOn ? { continue: true } : composer.choice.frame;
  if (say({ type: "regenerate", message, ...how })) thread.own.add(parent);
}

// Ends the answers that are written; where none is yet, a question that never left comes back into the field.
function stop() {
  const unsent = thread.lives.size === 0 && outbox.takeBack();
  if (unsent) {
    thread.question(unsent.id).remove();
    composer.write([unsent.text, composer.field.value].filter(Boolean).join("\n\n"));
    showLive();
    return;
  }
  isStopWanted = thread.lives.size === 0;
  for (const generation of thread.lives.keys()) say({ type: "stop", generation });
}

function say(frame) {
  const isHeard = socket.send(frame);
  problem(isHeard ? "" : word("no-line"));
  return isHeard;
}

function showLive() {
  composer.live(thread.lives.size > 0 || $(".asked.sending") !== null);
  follow.live(thread.lives.size > 0);
}

// What waits in the outbox goes out; what was refused is shown with its reason.
function flush() {
  for (const [id, { frame, fault }] of outbox.waiting) {
    if (thread.has(id)) outbox.remove(id);
    else if (fault) {
      thread.ask(frame);
      thread.fail(id, fault);
    } else put(frame);
  }
}

// A conversation that was begun on this page gets its title and its menu.
async function renewHead() {
  const head = await pages.head(here.conversation);
  if (!head || $("#more")) return;
  $(".thread-head").replaceWith(head);
  name($("#title").textContent);
}

function resend(id) {
  put(outbox.frame(id));
}

// What each frame of the server's does.
const frames = {
  async state({ title, generations }) {
    name(title);
    const isSure = !isStale && thread.agrees(generations);
    isStale = true;  // by the next one time has passed
    if (!isSure) await thread.sync();
    for (const live of thread.lives.values()) thread.on.ask(live.generation, live.seq);
    for (const { generation, message } of generations) if (!thread.lives.has(generation)) branches.elsewhere(message);
    flush();
  },
  async start(frame) {
    outbox.remove(frame.client_id);
    if (await thread.start(frame)) branches.toNewest();
    if (isStopWanted) stop();
    if (thread.lives.has(frame.generation)) speech.begun();
    sidebar.refresh();
  },
  delta(frame) {
    thread.delta(frame);
  },
  step(frame) {
    thread.step(frame);
    const { kind, status } = frame.step;
    const isAsked = status === "waiting" || status === "unknown";
    if (isAsked) speech.asks();
    if (isAsked || kind === "approval") sidebar.refresh();
  },
  async end(frame) {
    if (await thread.end(frame)) speech.ended(frame.finish);
    sidebar.refresh();
    if ($("#more")) return;
    await renewHead();
    sidebar.expectTitle();
  },
  error({ text, client_id: id, retry_after: wait }) {
    if (!id) {
      thread.own.clear();
      return problem(text);
    }
    outbox.refuse(id, text);
    const isFirst = !retried.has(id);
    retried.add(id);
    thread.fail(id, text, wait, isFirst ? () => resend(id) : null);
  },
};

function connect() {
  outbox = new Outbox(here.conversation);
  isStale = outbox.waiting.size > 0;
  socket = new Socket(`/ws/chat/${here.conversation}/`, {
    frame: (frame) => {
      lately = lately.then(() => frames[frame.type]?.(frame)).catch(reportError).then(showLive);
    },
    up: () => banner("up"),
    down: () => banner(navigator.onLine ? "lost" : "offline"),
    refused: (code) => {
      problem("");  // the banner says it
      banner(code);
    },
  });
}

$("#messages").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  const item = target.closest("#messages > li");
  if (!button) return;
  if (button.dataset.again) again(button.dataset.again, button.dataset.continue !== undefined);
  else if (button.dataset.copy) copy(button);
  else if (button.dataset.rate) opinion.press(button);
  else if (button.dataset.wrap !== undefined) toggleWrap(button);
  else if (button.dataset.edit !== undefined) startEdit(item);
  else if (button.dataset.resend !== undefined) resend(item.dataset.client);
});
$("#approving").addEventListener("submit", async (event) => {
  event.preventDefault();
  problem("");
  if (!await decide(event.target, event.submitter)) problem(word("not-decided"));
});
$("#offline button").addEventListener("click", () => socket.now());
$("#problem button").addEventListener("click", () => problem(""));
offerTex($("#messages"));
offerKeys(composer.field);
offerNotices(composer);

if (here.conversation) {
  connect();
  if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
  else follow.toEnd();
}
showLive();
idle(warm);
