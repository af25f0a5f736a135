// Makes the files of every vendor folder from packages of npm, and writes down what they are in its manifest.json.
//
//   npm install --ignore-scripts markdown-it@15.0.3 dompurify@3.4.18 highlight.js@11.12.0 temml@0.13.5 uplot@1.6.32 esbuild@0.28.2
//   node config/vendor.mjs FOLDER_THAT_HOLDS_NODE_MODULES
//
// Run it from a folder outside the checkout; nothing of npm belongs in here but what it makes.

import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const LANGUAGES = ["bash", "c", "cpp", "css", "diff", "go", "ini", "java", "javascript", "json", "python", "rust", "sql", "typescript", "xml", "yaml"];
const CHAT = {
  "markdown-it": 'export { default } from "./node_modules/markdown-it/dist/browser/markdown-it.esm.min.mjs";',
  dompurify: 'export { default } from "./node_modules/dompurify/dist/purify.es.mjs";',
  "highlight.js": [
    'import core from "./node_modules/highlight.js/lib/core.js";',
    ...LANGUAGES.map((name, n) => `import l${n} from "./node_modules/highlight.js/lib/languages/${name}.js";`),
    ...LANGUAGES.map((name, n) => `core.registerLanguage("${name}", l${n});`),
    "export default core;",
  ].join("\n"),
  temml: 'export { default } from "./node_modules/temml/dist/temml.mjs";',
};
const USAGE = { uplot: 'export { default } from "./node_modules/uplot/dist/uPlot.esm.js";' };
const FONT_FACE = /@font-face \{[^}]*\}/g;  // script letters come from the reader's own fonts

const from = process.argv[2];
const root = join(import.meta.dirname, "..");
const { buildSync } = createRequire(join(from, "package.json"))("esbuild");
const lock = JSON.parse(readFileSync(join(from, "package-lock.json"), "utf8"));

function made(here, name, contents, ending = "js") {
  const { version, license } = JSON.parse(readFileSync(join(from, "node_modules", name, "package.json"), "utf8"));
  const file = `${name.replace(/\.js$/, "")}.${ending}`;
  const banner = `/*! ${name} ${version}, ${license} */`;
  const [out] = buildSync({
    stdin: { contents, resolveDir: from, loader: ending }, bundle: true, format: "esm", minify: true, target: "es2022",
    legalComments: "none", banner: { [ending]: banner }, write: false,
  }).outputFiles;
  writeFileSync(join(here, file), out.contents);
  copyFileSync(join(from, "node_modules", name, "LICENSE"), join(here, file.replace(/\.\w+$/, ".LICENSE.txt")));
  const sha384 = `sha384-${createHash("sha384").update(out.contents).digest("base64")}`;
  return { file, package: name, version, licence: license, integrity: lock.packages[`node_modules/${name}`].integrity, sha384 };
}

function folder(path, entries, styles, more = {}) {
  const here = join(root, path);
  const files = Object.entries(entries).map(([name, contents]) => made(here, name, contents));
  for (const [name, style] of Object.entries(styles)) {
    files.push(made(here, name, readFileSync(join(from, "node_modules", style), "utf8").replace(FONT_FACE, ""), "css"));
  }
  const bundler = `esbuild ${lock.packages["node_modules/esbuild"].version}`;
  writeFileSync(join(here, "manifest.json"), `${JSON.stringify({ bundler, ...more, files }, null, 2)}\n`);
}

folder("chat/static/chat/vendor", CHAT, { temml: "temml/dist/Temml-Local.css" }, { languages: LANGUAGES });
folder("llm/static/llm/vendor", USAGE, { uplot: "uplot/dist/uPlot.min.css" });
