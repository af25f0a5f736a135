const LATE = 1_000;  // milliseconds: who looked away meanwhile gets no frame

// Lets the browser do what waits: paint, take a key, hear a frame.

export const pause = () => globalThis.scheduler?.yield?.() ?? new Promise((go) => setTimeout(go));

// Waits until what was put on the page is seen: laying out much of it at once would be felt. Who does not look has
// no frames to wait for.
export function frame() {
  return document.hidden ? pause() : new Promise((go) => {
    requestAnimationFrame(go);
    setTimeout(go, LATE);
  });
}

// Does something when the browser has nothing else to do; it is told how long it may take.
export const idle = window.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 10 }), 50));
