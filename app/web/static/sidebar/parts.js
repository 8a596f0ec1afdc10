// The what-if: steppers, shipping, another amount, another method, and what it would come to.
// Figures and sentences come from the server only.

import { act } from './server.js';
import { t } from './texts.js';
import { element, panel, settle } from './view.js';

const DEBOUNCE_MS = 250;
const AMOUNT = /^\d{1,12}([.,]\d{1,4})?$/;
const SHORTEST_REASON = 5;
let timer = null;
let latest = 0;

/** What is chosen in a form, as the interface takes it. */
export function choiceOf(form) {
  const lines = [...form.querySelectorAll('[data-line]')].flatMap((row) => {
    const quantity = Number(row.querySelector('.step-count')?.value ?? 0);
    return quantity > 0 ? [{ line_id: row.dataset.line, quantity, percent: row.dataset.percent }] : [];
  });
  const choice = { lines, shipping: form.querySelector('[data-shipping]')?.checked ?? false };
  if (form.querySelector('[data-duties]')?.checked) { choice.duties = true; }
  const amount = amountOf(form);
  if (amount) { choice.amount = { amount: amount.replace(',', '.'), currency: form.dataset.currency }; }
  const method = form.querySelector('[data-method]:checked');
  if (method) { choice.destination = method.value; }
  const clause = form.querySelector('[data-clause]');
  if (clause) {
    choice.override = {
      clause_id: clause.value,
      reason: form.querySelector('[data-reason]').value.trim(),
      waives_fees: form.querySelector('[data-waive]')?.checked ?? false,
    };
  }
  return choice;
}

/** What a plan comes to, so that a later answer can be told to be the same. */
export function totalOf(plan) {
  return `${plan.total.amount} ${plan.total.currency} ${plan.given_text} ${plan.destination}`;
}

const amountOf = (form) => form.querySelector('[data-amount]').value.trim();

/** Why nothing can be priced yet, in words; empty when it can. */
function lacking(form, choice) {
  const amount = amountOf(form);
  if (amount && !AMOUNT.test(amount)) { return t('part.amount_wrong'); }
  if (!choice.lines.length && !choice.shipping && !amount) { return t('part.nothing'); }
  const override = choice.override;
  if (override && (!override.clause_id || override.reason.length < SHORTEST_REASON)) {
    return t('override.incomplete');
  }
  return '';
}

function limit(input) {
  const wanted = Math.trunc(Number(input.value)) || 0;
  const count = Math.max(0, Math.min(Number(input.max), wanted));
  if (String(count) !== input.value) { input.value = String(count); }
  const row = input.closest('[data-line]');
  row.querySelector('[data-step="-1"]').disabled = count <= 0;
  row.querySelector('[data-step="1"]').disabled = count >= Number(input.max);
}

/** Items that go back in one way only are priced in that way; with others the agent's own choice
 *  is there again. */
function fitMethod(form) {
  const chosen = [...form.querySelectorAll('[data-line]')].filter((row) => Number(row.querySelector('.step-count')?.value ?? 0) > 0);
  const only = chosen.length && chosen.every((row) => row.dataset.only === chosen[0].dataset.only) ? chosen[0].dataset.only : '';
  const now = form.querySelector('[data-method]:checked');
  const wanted = only || form.dataset.usual;
  const radio = wanted && form.querySelector(`[data-method][value="${wanted}"]`);
  if (!now || !radio) { return; }
  if (only) { form.dataset.usual ??= now.value; } else { delete form.dataset.usual; }
  radio.checked = true;
}

export function prepare() {
  panel.querySelectorAll('form[data-action="part"]').forEach(prepareForm);
}

function prepareForm(form) {
  form.querySelectorAll('.step-count').forEach(limit);
  const fold = form.closest('details');
  fold.addEventListener('toggle', () => { if (fold.open) { price(form); } });
  if (fold.open) { price(form); }
  form.addEventListener('click', (event) => {
    const button = event.target.closest('[data-step]');
    if (!button) { return; }
    const input = button.parentElement.querySelector('.step-count');
    input.value = String(Number(input.value) + Number(button.dataset.step));
    limit(input);
    fitMethod(form);
    later(form);
  });
  form.addEventListener('input', (event) => {
    if (event.target.matches('[data-notify], [data-ask-reason]')) { return; }
    if (event.target.matches('.step-count')) { limit(event.target); fitMethod(form); }
    if (event.target.matches('[data-method]')) { delete form.dataset.usual; }
    later(form);
  });
}

function later(form) {
  const button = form.querySelector('[type="submit"]');
  // The old sum is not what would be refunded any more.
  button.disabled = true;
  delete form.dataset.total;
  clearTimeout(timer);
  timer = setTimeout(() => price(form), DEBOUNCE_MS);
}

export async function price(form) {
  const button = form.querySelector('[type="submit"]');
  const place = form.querySelector('[data-priced]');
  const choice = choiceOf(form);
  const turn = ++latest;
  button.disabled = true;
  const missing = lacking(form, choice);
  if (missing) {
    place.replaceChildren();
    button.textContent = missing;
    settle();
    return;
  }
  button.textContent = t('busy.price');
  try {
    const plan = await act('POST', `/api/v1/cases/${encodeURIComponent(form.dataset.case)}/price`, choice);
    if (turn !== latest) { return; }
    button.textContent = plan.ask_button ?? plan.button;
    button.disabled = plan.why_not !== null && !plan.may_ask;
    form.dataset.total = totalOf(plan);
    // What an agent has written as a reason outlives another sum.
    const written = form.querySelector('[data-ask-reason]')?.value;
    place.replaceChildren(...described(plan));
    if (plan.may_ask && !form.querySelector('[data-reason]')) { place.append(reasonField(written ?? plan.reason)); }
  } catch (trouble) {
    if (turn !== latest || trouble.kind === 'stale') { return; }
    button.textContent = trouble.problem.title;
    place.replaceChildren(element('p', 'check check-bad', trouble.problem.detail));
  }
  settle();
}

/** Verdict, make-up, total, where it goes, who can release it, and what to mind. */
function described(plan) {
  const rows = element('dl', 'rows');
  plan.rows.forEach((row) => rows.append(pair(row.label, row.value, row.kind)));
  const isCredit = plan.destination === 'store_credit';
  rows.append(pair(t(isCredit ? 'part.total_credit' : 'part.total'), plan.given_text, 'total'));
  const tone = plan.verdict === 'eligible' ? 'check check-good' : 'check check-warn';
  const parts = [element('p', tone, plan.verdict_text), rows];
  if (plan.goes_to.length > 1) {
    for (const one of plan.goes_to) {
      const line = element('p', 'quiet small destination');
      line.append(element('span', '', one.label), element('span', 'figure', one.value));
      parts.push(line);
    }
  }
  parts.push(element('p', plan.why_not ? 'check check-warn' : 'quiet small', plan.why_not ?? plan.needed_tier_text));
  for (const words of plan.warnings) { parts.push(element('p', 'check check-warn', words)); }
  return parts;
}

/** Where a request needs a reason of its own. */
function reasonField(value) {
  const field = element('label', 'field');
  const input = document.createElement('textarea');
  input.dataset.askReason = '';
  input.rows = 3;
  input.maxLength = 1000;
  input.required = true;
  input.value = value;
  field.append(element('span', 'field-label', t('ask.reason')), input);
  return field;
}

function pair(label, value, kind) {
  const row = element('div', kind ? `row-${kind}` : '');
  row.append(element('dt', '', label), element('dd', 'figure', value));
  return row;
}
