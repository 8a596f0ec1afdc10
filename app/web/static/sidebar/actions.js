// What buttons do. One act at a time: a second click finds the button off, and the server answers a
// repeated one with the same refund.

import { act, readJson } from './server.js';
import { t } from './texts.js';
import { openPage } from './handover.js';
import { choiceOf, totalOf } from './parts.js';
import { clearNotice, element, panel, say, settle, spotOf, tell, working } from './view.js';

// What is being done; null while nothing is.
let doing = null;
let page = null;

/** Another ticket is open: what is still being done for the one before holds nothing up here. */
export function leave() { doing = null; }

/** `connected`: {reload(wasWritten), expired(trouble), go(view, which), openTicket(id), ticketId()}. */
export function listen(connected) {
  page = connected;
  panel.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-action]');
    if (button && !button.disabled) { perform(button.dataset.action, button, button); }
  });
  panel.addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.target.closest('form[data-action]');
    if (form) { perform(form.dataset.action, form, event.submitter ?? form.querySelector('[type="submit"]')); }
  });
  panel.addEventListener('change', (event) => {
    const form = event.target.closest('form[data-action="choose"]');
    if (form) { form.querySelector('[type="submit"]').disabled = false; }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') { return; }
    const cancel = panel.querySelector('button[data-action="cancel"]:not(:disabled)');
    if (cancel) { event.preventDefault(); perform('cancel', cancel, cancel); }
  });
}

const caseUrl = (source, what) => `/api/v1/cases/${encodeURIComponent(source.dataset.case)}/${what}`;

const acts = {
  triage: () => act('POST', `/api/v1/tickets/${encodeURIComponent(page.ticketId())}/triage`),
  refresh: (source) => act('POST', caseUrl(source, 'refresh')),
  refund: (source) => release(source.dataset.plan, panel.querySelector('.pay [data-notify]')),
  cancel: (source) => act('POST', `/api/v1/refunds/${encodeURIComponent(source.dataset.refund)}/cancel`),
  choose: (form) => {
    const chosen = form.querySelector('input[type="radio"]:checked');
    return act('POST', caseUrl(form, 'order'), { store_id: chosen.dataset.store, order_id: chosen.value });
  },
  part: releasePart,
  search,
  fields: saveFields,
  ask: (form) => ask(form.dataset.plan, form),
  approve: (source) => act('POST', approvalUrl(source, 'approve')),
  deny: (form) => act('POST', approvalUrl(form, 'deny'), { reason: new FormData(form).get('reason') }),
  withdraw: (source) => act('POST', approvalUrl(source, 'withdraw')),
  lend: (form) => act('POST', '/api/v1/delegations', Object.fromEntries(new FormData(form))),
  end_lend: (source) => act('POST', `/api/v1/delegations/${encodeURIComponent(source.dataset.delegation)}/end`),
  queue: (source) => page.go('queue', source.dataset.show),
  ticket: () => page.go('ticket'),
  own_page: (source) => { if (!openPage(source.dataset.page ?? '/approvals')) { tell({ title: t('own_page.blocked') }, null, 'info'); } },
  returned: (form) => sayReturned(form, [backOf(form)]),
  returned_all: (source) => sayReturned(source, [...panel.querySelectorAll('form[data-action="returned"]')].map(allOf)),
  unreturned: (source) => sayReturned(source, [{ line_id: source.dataset.line, quantity: 0 }]),
  aside: (source) => act('POST', caseUrl(source, 'set-aside')),
  kind: (form) => act('POST', caseUrl(form, 'kind'), { kind: form.querySelector('select').value }),
  reading: () => page.go('reading'),
  open_ticket: (source) => page.openTicket(source.dataset.ticket),
};
const words = { triage: 'refresh', returned_all: 'returned', part: 'plan', ticket: 'queue', own_page: 'queue', reading: 'queue', open_ticket: 'queue' };
const goesElsewhere = new Set(['queue', 'reading', 'ticket', 'own_page', 'open_ticket']);
// What is said once it is done; `title` is what it was about.
const said = new Set(['ask', 'approve', 'deny', 'withdraw']);
// What people may be refused: its title says what was not done.
const refusable = new Set(['ask', 'approve', 'deny', 'withdraw', 'lend', 'end_lend']);
const saidOfGoods = new Set(['returned', 'returned_all', 'unreturned']);
const staysInPlace = new Set(['search', 'fields']);

async function perform(name, source, button) {
  if (doing || !(name in acts)) { return; }
  const mine = {};
  const end = () => { if (doing === mine) { doing = null; } };
  doing = mine;
  clearNotice();
  const done = working(button, t(`busy.${words[name] ?? name}`));
  const spot = spotOf(source);
  const about = source.closest('.approval')?.querySelector('h2')?.textContent;
  try {
    const result = await acts[name](source);
    end();
    if (staysInPlace.has(name) || goesElsewhere.has(name)) {
      done();
    } else if (result !== null) {
      await page.reload(true);
      if (said.has(name) && result.amount_text) {
        const title = `${result.amount_text}, ${result.order_name}`;
        tell({ title: t(`done.${name}`, { title }) }, null, 'info', spot);
      } else if (saidOfGoods.has(name)) {
        const pay = panel.querySelector('.pay .button-money:not(:disabled)');
        say([t(`done.${words[name] ?? name}`), pay?.textContent ?? result.headline].join(' '));
      } else if (result.title) {
        say(`${result.title} ${result.detail ?? ''}`);
      }
    } else {
      done();
    }
  } catch (trouble) {
    end();
    done();
    await failed(name, trouble, spot, about);
  }
}

async function failed(name, trouble, spot, about) {
  if (trouble.kind === undefined) { throw trouble; }
  if (trouble.kind === 'stale') { return; }
  if (trouble.kind === 'expired') { page.expired(); return; }
  // After a click on money the stored state is what counts: look at it whatever was answered.
  const isMoney = ['refund', 'part', 'cancel', 'approve', 'ask'].includes(name);
  // Whoever may not do it any more isn't offered it any longer.
  if (isMoney || ['conflict', 'not_allowed'].includes(trouble.problem.code)) {
    try { await page.reload(false); } catch { /* the notice below offers to try again */ }
  }
  const isAnswer = trouble.kind === 'problem';
  tell(isAnswer && refusable.has(name) ? refusal(name, trouble.problem, about) : trouble.problem,
    isAnswer ? null : () => page.reload(false), 'bad', spot);
}

/** A server's no, headed by what was not done. "No money moved" would be wrong where somebody else
 * has released it: only this click is spoken of. */
function refusal(name, problem, about) {
  const title = [t(`refused.${name}`), about].filter(Boolean).join(': ');
  if (name === 'lend' || name === 'end_lend') { return { ...problem, title, money_moved: '' }; }
  return { ...problem, title, money_moved: problem.money_moved === 'no' ? 'click' : problem.money_moved };
}

const approvalUrl = (source, what) => `/api/v1/approvals/${encodeURIComponent(source.dataset.approval)}/${what}`;

/** How many of an item's pieces are back: those that are named, else all. */
const allOf = (form) => ({ line_id: form.dataset.line, quantity: Number(form.dataset.units) });
const backOf = (form) => ({ ...allOf(form), ...(form.elements.quantity && { quantity: Number(form.elements.quantity.value) }) });
const sayReturned = (source, lines) => act('POST', caseUrl(source, 'returned'), { lines });

/** Ask somebody who may to release a plan. */
function ask(plan, form) {
  const reason = form.querySelector('[name="reason"], [data-ask-reason], [data-reason]')?.value;
  const notify = form.querySelector('[data-notify]')?.checked ?? false;
  return act('POST', '/api/v1/approvals', { plan, reason, notify_customer: notify });
}

function release(plan, notify) {
  return act('POST', '/api/v1/refunds', { plan, notify_customer: notify?.checked ?? false });
}

/** Ask the store for exactly this part; go on only if the sum is still the one on the button. */
async function releasePart(form) {
  const shown = form.dataset.total;
  const plan = await act('POST', caseUrl(form, 'plans'), choiceOf(form));
  if (totalOf(plan) === shown && plan.may_ask && plan.ask) { return ask(plan.ask, form); }
  if (totalOf(plan) !== shown || !plan.may_release || !plan.plan) {
    form.dataset.total = totalOf(plan);
    tell({ title: plan.button, detail: plan.why_not ?? '', money_moved: 'no' }, null, 'info');
    return null;
  }
  return release(plan.plan, form.querySelector('[data-notify]'));
}

async function search(form) {
  const place = form.querySelector('[data-found]');
  place.replaceChildren();
  const wanted = new FormData(form).get('search').trim();
  const found = await readJson(`${caseUrl(form, 'orders')}?search=${encodeURIComponent(wanted)}`);
  if (!found.orders.length) {
    place.append(element('p', 'check', t('search.nothing')));
  } else {
    place.append(element('p', 'check check-warn', t('search.found')));
    found.orders.forEach((order) => place.append(foundOrder(form, order)));
  }
  settle();
}

function foundOrder(form, order) {
  const card = element('div', 'card');
  const top = element('span', 'candidate-top');
  top.append(element('strong', '', order.name), element('span', 'figure', order.total_text));
  const use = element('button', 'button', t('choose.use'));
  use.type = 'button';
  use.addEventListener('click', () => performWith(use, () =>
    act('POST', caseUrl(form, 'order'), { store_id: order.store_id, order_id: order.order_id })));
  card.append(top, element('span', 'quiet small', `${order.store} · ${order.created_text}`), use);
  return card;
}

async function performWith(button, doing) {
  acts.found = doing;
  words.found = 'choose';
  await perform('found', button, button);
}

/** Only what was changed is sent; an emptied input leaves its field alone. */
async function saveFields(form) {
  const place = form.querySelector('[data-saved]');
  place.replaceChildren();
  const body = {};
  for (const group of form.querySelectorAll('[data-group]')) {
    body[group.dataset.group] = Object.fromEntries(
      [...group.querySelectorAll('[name]')].flatMap((input) => {
        const value = input.value.trim();
        if (!value) { return []; }
        if (input.dataset.currency) { return [[input.name, { amount: value, currency: input.dataset.currency }]]; }
        return [[input.name, input.type === 'number' ? Number(value) : value]];
      }),
    );
  }
  const write = await act('PUT', caseUrl(form, 'fields'), body);
  await page.reload(true);
  say(write.state === 'sent' ? t('saved') : (write.cause ?? ''));
}
