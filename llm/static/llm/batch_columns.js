// Offers the names of the columns of the chosen file. The server reads the file itself; this only saves typing.
const MOST = 65536;  // bytes that are looked at
const file = document.querySelector("#id_file");
const offers = document.querySelector("#columns");

function ofJSON(line) {
  const row = JSON.parse(line);
  return typeof row === "object" && row !== null ? Object.keys(row) : [];
}

function ofCSV(line) {
  const outside = line.split('"').filter((_, place) => place % 2 === 0).join("");
  const delimiter = [",", ";", "\t"].sort((a, b) => outside.split(b).length - outside.split(a).length)[0];
  return line.split(delimiter).map((name) => name.replace(/^\s*"?|"?\s*$/g, ""));
}

file.addEventListener("change", async () => {
  offers.replaceChildren();
  if (!file.files[0]) return;
  const head = await file.files[0].slice(0, MOST).text();
  const line = head.split(/\r?\n/, 1)[0].replace(/^\ufeff/, "");
  try {
    for (const name of line.startsWith("{") ? ofJSON(line) : ofCSV(line)) {
      offers.append(new Option(name, name));
    }
  } catch {
    // not JSON: the server says which line
  }
});
