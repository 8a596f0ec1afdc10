// "Part of it…": steppers, shipping, and what it would come to. Figures come from the server only.

import { act } from './server.js';
import { t } from './texts.js';
import { element, panel, settle } from './view.js';

const DEBOUNCE_MS = 250;
let timer = null;
let latest = 0;

export function choiceOf(form) {
  const lines = [...form.querySelectorAll('[data-line]')].flatMap((row) => {
    const quantity = Number(row.querySelector('.step-count')?.value ?? 0);
    return quantity > 0 ? [{ line_id: row.dataset.line, quantity, percent: row.dataset.percent }] : [];
  });
  return { lines, shipping: form.querySelector('[data-shipping]')?.checked ?? false };
}

function limit(input) {
  const wanted = Math.trunc(Number(input.value)) || 0;
  const count = Math.max(0, Math.min(Number(input.max), wanted));
  if (String(count) !== input.value) { input.value = String(count); }
  const row = input.closest('[data-line]');
  row.querySelector('[data-step="-1"]').disabled = count <= 0;
  row.querySelector('[data-step="1"]').disabled = count >= Number(input.max);
}

export function prepare() {
  const form = panel.querySelector('form[data-action="part"]');
  if (!form) { return; }
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
    later(form);
  });
  form.addEventListener('input', (event) => {
    if (event.target.matches('[data-notify]')) { return; }
    if (event.target.matches('.step-count')) { limit(event.target); }
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
  place.replaceChildren();
  button.disabled = true;
  if (!choice.lines.length && !choice.shipping) {
    button.textContent = t('part.nothing');
    settle();
    return;
  }
  button.textContent = t('busy.price');
  try {
    const plan = await act('POST', `/api/v1/cases/${encodeURIComponent(form.dataset.case)}/price`, choice);
    if (turn !== latest) { return; }
    button.textContent = plan.button;
    button.disabled = plan.why_not !== null;
    form.dataset.total = `${plan.total.amount} ${plan.total.currency}`;
    for (const words of [plan.why_not, ...plan.warnings]) {
      if (words) { place.append(element('p', 'check check-warn', words)); }
    }
  } catch (trouble) {
    if (turn !== latest) { return; }
    button.textContent = trouble.problem.title;
    place.append(element('p', 'check check-bad', trouble.problem.detail));
  }
  settle();
}
