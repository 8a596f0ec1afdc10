// The approvals page's start: take over from the sidebar, then show the queue.

import { listen } from './actions.js';
import { takeOver } from './handover.js';
import { readHtml } from './server.js';
import { learn, t } from './texts.js';
import { end, handsOff, panel, show, tell } from './view.js';

const boot = JSON.parse(document.getElementById('boot').textContent);
document.getElementById('boot').remove();
learn(boot.texts);

let shown = 'for_me';

async function reload() {
  panel.setAttribute('aria-busy', 'true');
  try {
    const html = await readHtml(`/sidebar/approvals?page=1&show=${encodeURIComponent(shown)}`);
    await handsOff();
    show(html);
  } finally {
    panel.setAttribute('aria-busy', 'false');
  }
}

function expired() { end(t('expired.title'), t('expired.detail')); }

async function tryReload() {
  try {
    await reload();
  } catch (trouble) {
    if (trouble.kind === undefined) { throw trouble; }
    if (trouble.kind === 'expired') { expired(); return; }
    if (!panel.querySelector('.panel')) { panel.replaceChildren(); }
    tell(trouble.problem, tryReload);
  }
}

async function start() {
  if (!await takeOver()) {
    end(t('approvals.no_session.title'), t('approvals.no_session.detail'));
    return;
  }
  listen({ expired, reload, go: (_, which) => { shown = which ?? shown; return reload(); } });
  await tryReload();
}

start();
