// Calls that somebody else brings: a card's by its helpdesk, and those of a page that the card opened by
// the card. Such a page has no session and reaches nothing by itself.

/** Makegood's answer in the form of a fetched one. */
export function answered(status, body) {
  return {
    status,
    ok: status >= 200 && status < 300,
    body,
    json: async () => body,
    text: async () => String(body),
  };
}

/** In the card: a port over which a page's calls are brought as our own are. */
export function lend(carry) {
  const { port1: ours, port2: theirs } = new MessageChannel();
  ours.onmessage = async ({ data: { number, method, url, body, milliseconds } }) => {
    try {
      const found = await carry(method, new URL(url), body, milliseconds);
      ours.postMessage({ number, status: found.status, body: found.body });
    } catch {
      ours.postMessage({ number });
    }
  };
  return theirs;
}

/** The card is gone that brought a page's calls; nothing was sent. */
export class CardGone extends Error {}

/** In the page: what brings its calls over such a port, from the card in the window `card`. */
export function carrierBy(port, card) {
  const waiting = new Map();
  port.onmessage = ({ data: { number, status, body } }) => {
    waiting.get(number)?.(status === undefined ? null : answered(status, body));
    waiting.delete(number);
  };
  let last = 0;
  return (method, url, body, milliseconds) => new Promise((resolve, reject) => {
    // A port doesn't tell that its other end is gone.
    if (card.closed) { reject(new CardGone()); return; }
    const number = ++last;
    const late = setTimeout(() => { waiting.delete(number); reject(new Error('no answer')); }, milliseconds);
    waiting.set(number, (found) => {
      clearTimeout(late);
      if (found) { resolve(found); } else { reject(new Error('not brought')); }
    });
    port.postMessage({ number, method, url: url.href, body, milliseconds });
  });
}
