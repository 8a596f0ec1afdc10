// The sidebar's start: sign in, find out which ticket is open, show its panel, and keep it true.

import { leave, listen } from './actions.js';
import { follow, pause, resume, stop } from './follow.js';
import { canOpenTickets, connect, mirror, on, openTicket } from './helpdesk.js';
import { prepareKept } from './kept.js';
import { prepare } from './parts.js';
import { readAs, readHtml, readJson, signIn, turnPage } from './server.js';
import { learn, t } from './texts.js';
import { clearNotice, end, handsOff, panel, say, settle, show, tell, wipe } from './view.js';

const SLOW_MS = 1500;
const WAITS_FOR_TRIAGE_MS = [1500, 2500, 4000, 6000, 10000];

const boot = JSON.parse(document.getElementById('boot').textContent);
document.getElementById('boot').remove();
learn(boot.texts);
signIn(boot.session ?? '');

let ticketId = null;
let waited = 0;
let waiting = null;
// What the frame shows: the open ticket, or the queue of what waits for approval.
let view = 'ticket';
let which = 'for_me';

async function reload(wasWritten) {
  const wanted = ticketId;
  const slow = setTimeout(() => say(t('slow')), SLOW_MS);
  panel.setAttribute('aria-busy', 'true');
  try {
    const html = await readHtml(address());
    await handsOff();
    // Another ticket may have been opened meanwhile; it reads its own panel.
    if (wanted !== ticketId) { return; }
    show(html);
  } finally {
    clearTimeout(slow);
    panel.setAttribute('aria-busy', 'false');
  }
  prepare();
  prepareKept(ticketId);
  if (!canOpenTickets()) { leaveOut('open_ticket'); }
  follow(changed);
  panel.querySelectorAll('details').forEach((fold) => fold.addEventListener('toggle', settle));
  if (wasWritten) { await mirrorForm(); }
  waitForTriage();
}

function address() {
  if (view === 'queue') { return `/sidebar/approvals?show=${encodeURIComponent(which)}`; }
  if (view === 'reading') { return '/sidebar/reading'; }
  return `/sidebar/tickets/${encodeURIComponent(ticketId)}`;
}

/** Buttons for what the helpdesk around us can't do. */
function leaveOut(action) {
  panel.querySelectorAll(`[data-action="${action}"]`).forEach((button) => button.remove());
}

/** Show something else in the frame; what can't be read leaves it as it is. */
async function go(wanted, chosen) {
  const before = [view, which];
  [view, which] = [wanted, chosen ?? which];
  try {
    await reload(false);
  } catch (trouble) {
    [view, which] = before;
    throw trouble;
  }
  document.getElementById('verdict')?.focus();
}

async function mirrorForm() {
  const shown = panel.querySelector('.panel');
  if (!shown?.dataset.mirror) { return; }
  const isMirrored = await mirror(JSON.parse(shown.dataset.mirror));
  if (!isMirrored) { tell({ title: t('form.differs') }, null, 'info'); }
}

/** The refund that is being followed has another state. */
async function changed(refund, trouble) {
  if (trouble) { expired(); return; }
  await tryReload(true);
  say(`${refund.title}. ${refund.detail} ${refund.next}`);
}

/** A new ticket is triaged within seconds: look a few times, then leave it to the agent. */
function waitForTriage() {
  clearTimeout(waiting);
  const isUnread = panel.querySelector('.panel')?.dataset.code === 'not_read';
  if (!isUnread || waited >= WAITS_FOR_TRIAGE_MS.length) { return; }
  waiting = setTimeout(() => tryReload(false), WAITS_FOR_TRIAGE_MS[waited++]);
}

function expired() {
  stop();
  clearTimeout(waiting);
  end(t('expired.title'), t('expired.detail'));
}

async function tryReload(wasWritten) {
  try {
    await reload(wasWritten);
  } catch (trouble) {
    if (trouble.kind === 'stale') { return; }
    if (trouble.kind === 'expired') { expired(); return; }
    if (trouble.kind === undefined) { throw trouble; }
    if (!panel.querySelector('.panel')) { panel.replaceChildren(); }
    tell(trouble.problem, () => tryReload(wasWritten));
  }
}

/** The role is read once per session and only then decides whether the button is on. */
async function learnRole() {
  if (panel.querySelector('.panel')?.dataset.needsRole !== 'yes') { return; }
  try {
    await readJson('/api/v1/me');
  } catch (trouble) {
    if (trouble.kind === 'stale') { return; }
    if (trouble.kind === 'expired') { expired(); return; }
    tell(trouble.problem, async () => { await learnRole(); });
    return;
  }
  await tryReload(false);
}

/** Show this ticket, or that none is open. What is still on its way for another is dropped. */
async function turnTo(nextId) {
  turnPage();
  stop();
  leave();
  clearTimeout(waiting);
  clearNotice();
  ticketId = nextId;
  view = 'ticket';
  waited = 0;
  if (ticketId === null) {
    end(t('no_conversation.title'), t('no_conversation.detail'), 'info');
    return;
  }
  if (panel.querySelector('.panel')) { wipe(t('loading')); }
  await tryReload(false);
  await learnRole();
}

async function start() {
  const found = await connect(boot);
  if (found.missing) {
    end(t(`${found.missing}.title`), t(`${found.missing}.detail`));
    return;
  }
  readAs(found.locale, Intl.DateTimeFormat().resolvedOptions().timeZone);
  listen({ ticketId: () => ticketId, expired, go, openTicket, reload });
  on('ticket.changed', turnTo);
  on('app.deactivated', () => { pause(); clearTimeout(waiting); });
  on('app.willDestroy', () => { pause(); clearTimeout(waiting); });
  on('app.activated', () => {
    resume();
    // The first activation comes while the first panel is still being read.
    if (panel.querySelector('.panel')) { tryReload(false); }
  });
  // What the panel shows may have changed meanwhile, and notices say that this happens by itself.
  addEventListener('online', () => {
    if (ticketId !== null) { clearNotice(); tryReload(false); }
  });
  await turnTo(found.ticketId);
}

start();
