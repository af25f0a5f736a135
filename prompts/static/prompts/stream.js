// Server-sent events of a response that was asked for by POST, which EventSource cannot.
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const whole = (rest + piece.value).split("\n\n");
      rest = whole.pop();
      for (const each of whole) yield parsed(each);
    }
  } finally {
    reader.cancel().catch(() => {});  // nobody reads any more
  }
}

function parsed(text) {
  const lines = Object.fromEntries(text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
  return { event: lines.event, data: JSON.parse(lines.data) };
}
