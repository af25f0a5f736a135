// Lets the browser do what waits: paint, take a key, hear a frame.

export const pause = () => globalThis.scheduler?.yield?.() ?? new Promise((go) => setTimeout(go));

// Does something when the browser has nothing else to do; it is told how long it may take.
export const idle = window.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 10 }), 50));
