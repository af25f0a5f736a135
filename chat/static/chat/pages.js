// What the server renders: one message, the whole thread, the list of conversations. HTML comes from there alone.

// A page of this site; null if it cannot be had. Signed out means that the sign-in page answers instead.
export async function page(address, options = {}) {
  try {
    const response = await fetch(address, { credentials: "same-origin", ...options });
    if (response.redirected) location.reload();
    return response.ok ? response : null;
  } catch {
    return null;  // no network
  }
}

async function parsed(address) {
  const response = await page(address);
  return response && new DOMParser().parseFromString(await response.text(), "text/html");
}

export async function message(conversation, id) {
  const found = await parsed(`/c/${conversation}/messages/${id}/`);
  return found?.querySelector("li") ?? null;
}

export async function thread(conversation) {
  const found = await parsed(`/c/${conversation}/`);
  return found ? [...found.querySelectorAll("#messages > li")] : [];
}

// What stands over the messages: the title and what can be done with the conversation.
export async function head(conversation) {
  const found = await parsed(`/c/${conversation}/`);
  return found?.querySelector(".thread-head") ?? null;
}

// The list of the sidebar; null if it cannot be had.
export async function list(address) {
  const found = await parsed(address);
  return found && [...found.body.childNodes];
}

// Makes an empty conversation; returns {id, url} or null.
export async function begin() {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const response = await page("/c/", { method: "POST", body, headers: { Accept: "application/json" } });
  return response && response.json();
}
