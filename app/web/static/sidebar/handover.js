// A page of ours in a window of its own (approvals, policy): the sidebar hands its session over from window to
// window. Both are pages of our own origin, and nothing of it stands in an address. A card keeps its session, which
// is worth something only in its helpdesk's commands, and brings the page's calls by them.

import { lend } from './carried.js';
import { carrier, carryBy } from './helpdesk.js';
import { handSession, readAs, signIn } from './server.js';

const PATIENCE_MS = 5000;
const opened = new Set();

/** Open a page; it may ask again when it is reloaded, for as long as this sidebar is open. */
export function openPage(path) {
  const page = window.open(path, '_blank');
  if (!page) { return false; }
  if (!opened.size) { addEventListener('message', answer); }
  opened.add(page);
  return true;
}

function answer(event) {
  const isOurs = event.origin === location.origin && opened.has(event.source);
  if (!isOurs || event.data?.makegood !== 'ready') { return; }
  const carry = carrier();
  handSession(event.source, carry ? lend(carry) : null);
}

/** In the page: read and act as the person at the sidebar. False when there is no sidebar. */
export async function takeOver() {
  const given = await receive();
  if (!given) { return false; }
  if (given.port) { carryBy(given.port, window.opener); } else { signIn(given.session); }
  readAs(given.locale, Intl.DateTimeFormat().resolvedOptions().timeZone);
  return true;
}

function receive() {
  const sidebar = window.opener;
  if (!sidebar) { return Promise.resolve(null); }
  return new Promise((resolve) => {
    const late = setTimeout(() => { removeEventListener('message', take); resolve(null); }, PATIENCE_MS);
    function take(event) {
      if (event.origin !== location.origin || event.source !== sidebar) { return; }
      if (event.data?.makegood !== 'session') { return; }
      clearTimeout(late);
      removeEventListener('message', take);
      resolve({ ...event.data, port: event.ports[0] });
    }
    addEventListener('message', take);
    sidebar.postMessage({ makegood: 'ready' }, location.origin);
  });
}
