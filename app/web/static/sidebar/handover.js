// A page of ours in a window of its own (approvals, policy): the sidebar hands its session over from window to
// window. Both are pages of our own origin, and nothing of it stands in an address.

import { handSession } from './server.js';

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
  if (isOurs && event.data?.makegood === 'ready') { handSession(event.source); }
}

/** In the page: what the sidebar hands over, or null when there is none. */
export function receiveSession() {
  const sidebar = window.opener;
  if (!sidebar) { return Promise.resolve(null); }
  return new Promise((resolve) => {
    const late = setTimeout(() => { removeEventListener('message', take); resolve(null); }, PATIENCE_MS);
    function take(event) {
      if (event.origin !== location.origin || event.source !== sidebar) { return; }
      if (event.data?.makegood !== 'session') { return; }
      clearTimeout(late);
      removeEventListener('message', take);
      resolve(event.data);
    }
    addEventListener('message', take);
    sidebar.postMessage({ makegood: 'ready' }, location.origin);
  });
}
