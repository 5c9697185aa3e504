// The server's time. The browser's own clock may be wrong or be set while the page is open, so nothing here reads it:
// performance.now() only moves forward, and each answer of the server says what time it was.
let offset = null;

// An answer is always late, never early, so the largest offset seen is the truest; a much smaller one means that the
// server's clock was set back or that this machine slept while performance.now() stood still.
export function sync(iso) {
  const sample = Date.parse(iso) - performance.now();
  if (Number.isNaN(sample)) return;
  if (offset === null || sample > offset || sample < offset - 2000) offset = sample;
}

export const serverNow = () => (offset === null ? Date.now() : offset + performance.now());
