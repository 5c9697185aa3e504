// The tabs of one browser talk to each other, so that all of them watch the same mailboxes.
const channel = "BroadcastChannel" in window ? new BroadcastChannel("tempmail") : null;

export const tell = (message) => channel?.postMessage(message);

export const listen = (hear) => channel?.addEventListener("message", (event) => hear(event.data));
