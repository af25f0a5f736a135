// The editor of a prompt: what is written on the left is seen on the right. Text only ever becomes text.
import { keepDraft } from "./draft.js";
import { marks } from "./marks.js";
import { playground } from "./playground.js";
import { preview } from "./preview.js";
import { rows } from "./rows.js";

const page = document.querySelector("[data-preview]");
const form = document.querySelector("#prompt_form");
const words = document.querySelector("#words").dataset;

const marked = marks(form, words);
const table = rows(form, () => refresh());
const seen = preview(page, form, words);

function refresh() {
  marked.paint(table.names());
  seen.later();
}

const slug = form.querySelector("#id_slug");
if (slug) {
  let own = slug.value !== "";
  slug.addEventListener("input", () => { own = true; });
  form.querySelector("#id_title").addEventListener("input", (event) => {
    if (!own) slug.value = event.target.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 64);
  });
}

document.querySelector("#add-unknown").addEventListener("click", () => {
  const [first] = marked.unknown();
  if (first) table.addVariable(first);
});
form.addEventListener("input", refresh);
form.addEventListener("change", refresh);
document.querySelector("#against")?.addEventListener("change", refresh);
keepDraft(page.dataset.draft, form, table, words, refresh);
if (page.dataset.play) playground(page.dataset.play, form, words);
refresh();
