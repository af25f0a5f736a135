// What the server renders: one message, the whole thread, the list of conversations.

const PATIENCE = 15_000;

// The only way in for HTML that is not a model's: pages of this very site, which the server made safe.
const policy = window.trustedTypes?.createPolicy("parley", { createHTML: (html) => html }) ?? { createHTML: (html) => html };

// A page of this site; null if it cannot be had. Signed out means that the sign-in page answers instead.
export async function page(address, options = {}) {
  try {
    const response = await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE), ...options });
    if (response.redirected) location.reload();
    return response.ok ? response : null;
  } catch {
    return null;  // no network
  }
}

async function parsed(address, options) {
  const response = await page(address, options);
  return response && new DOMParser().parseFromString(policy.createHTML(await response.text()), "text/html");
}

export async function message(conversation, id) {
  const found = await parsed(`/c/${conversation}/messages/${id}/`);
  return found?.querySelector("li") ?? null;
}

// The messages along the branch of `leaf` and the way to earlier ones, or those of another address of the
// conversation; null if they cannot be had.
export async function thread(conversation, leaf = "", address = `/c/${conversation}/${leaf ? `?leaf=${leaf}` : ""}`) {
  const found = await parsed(address);
  return found && { items: [...found.querySelectorAll("#messages > li")], earlier: found.querySelector("#earlier") };
}

// The cards of what an agent does for an answer; null if they cannot be had, or there are none.
export async function steps(conversation, message) {
  const found = await parsed(`/c/${conversation}/messages/${message}/steps/`);
  return found?.querySelector(".steps") ?? null;
}

// What stands over the messages: the title and what can be done with the conversation.
export async function head(conversation) {
  const found = await parsed(`/c/${conversation}/`);
  return found?.querySelector(".thread-head") ?? null;
}

// The list of the sidebar; null if it cannot be had. It is asked for unbidden: who is signed out may read on.
export async function list(address) {
  const found = await parsed(address, { redirect: "manual" });
  return found && [...found.body.childNodes];
}

async function post(address, fields) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return submit(address, body);
}

// Sends the fields of a form; the answer, or null.
export function submit(address, body) {
  return page(address, { method: "POST", body, headers: { Accept: "application/json" } });
}

// Makes an empty conversation; returns {id, url} or null.
export async function begin() {
  const response = await post("/c/", {});
  return response && response.json();
}

// Keeps what the reader thinks of an answer; false if it could not be kept.
export async function rate(conversation, message, value, note) {
  return await post(`/c/${conversation}/messages/${message}/rate/`, { value, note }) !== null;
}
