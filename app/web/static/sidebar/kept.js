// Orders that the merchant keeps in the helpdesk itself: read only when an agent wants to see them.

import { readHtml } from './server.js';
import { t } from './texts.js';
import { element, panel, settle } from './view.js';

/** Load the fold's content when it is opened. */
export function prepareKept(ticketId) {
  const fold = panel.querySelector('#fold-kept');
  if (!fold) { return; }
  const place = fold.querySelector('[data-kept]');
  fold.addEventListener('toggle', () => { if (fold.open) { load(place, ticketId); } });
  if (fold.open) { load(place, ticketId); }
}

async function load(place, ticketId) {
  if (place.dataset.kept) { return; }
  place.dataset.kept = 'loading';
  place.replaceChildren(element('p', 'quiet small', t('kept.loading')));
  try {
    // Our own server's fragment, escaped there.
    place.innerHTML = await readHtml(`/sidebar/tickets/${encodeURIComponent(ticketId)}/kept-orders`);
    place.dataset.kept = 'shown';
  } catch (trouble) {
    place.dataset.kept = '';
    if (trouble.kind === 'stale') { return; }
    if (trouble.kind === undefined) { throw trouble; }
    place.replaceChildren(element('p', 'check check-bad', `${trouble.problem.title} ${trouble.problem.detail}`));
  }
  settle();
}
