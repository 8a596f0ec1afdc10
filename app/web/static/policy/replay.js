// What a replay found: figures, charts of before and after, and the cases that would be otherwise.

import { t } from '../sidebar/texts.js';
import { make, makeSvg } from './make.js';

const VERDICTS = ['eligible', 'needs_review', 'not_eligible'];
const TIERS = ['automatic', 'agent', 'team_lead', 'manager'];

function count(number) { return new Intl.NumberFormat().format(number); }

function money(amount) {
  if (!amount) { return t('policy.nothing'); }
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: amount.currency }).format(amount.amount);
}

/** Rows of two bars each; every bar has its number beside it, and the pair a sentence. */
function chart(title, rows, words = count) {
  const most = Math.max(1, ...rows.flatMap((row) => [row.before, row.after]));
  const bar = (kind, value) => make('div', {},
    makeSvg('svg', { viewBox: '0 0 100 11', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      makeSvg('rect', { class: `bar-${kind}`, x: 0, y: 0, width: Math.max(0.5, (value / most) * 100), height: 11 })),
    make('span', { class: 'figure' }, words(value)));
  return make('div', {},
    make('h3', {}, title),
    make('p', { class: 'legend', 'aria-hidden': 'true' },
      make('span', {}, t('policy.before')), make('span', { class: 'after' }, t('policy.after'))),
    make('div', { class: 'chart' }, ...rows.map((row) => make('div', { class: 'chart-row' },
      make('span', { class: 'small' }, row.label),
      make('div', {
        class: 'bars', role: 'img',
        'aria-label': t('policy.bar', { label: row.label, before: words(row.before), after: words(row.after) }),
      }, bar('before', row.before), bar('after', row.after))))));
}

function verdictRows(moves) {
  const side = (place, verdict) => Object.entries(moves)
    .filter(([move]) => move.split('>')[place] === verdict)
    .reduce((sum, [, number]) => sum + number, 0);
  return VERDICTS.map((verdict) => ({
    label: t(`policy.verdict.${verdict}`), before: side(0, verdict), after: side(1, verdict),
  }));
}

function tierRows(result) {
  return TIERS.filter((tier) => tier in result.tiers_before || tier in result.tiers_after).map((tier) => ({
    label: t(`policy.tier.${tier}`), before: result.tiers_before[tier] ?? 0, after: result.tiers_after[tier] ?? 0,
  }));
}

function figures(replay) {
  const result = replay.result;
  const one = (number, words) => make('div', {}, make('strong', {}, number), make('span', { class: 'small' }, words));
  const items = [
    one(count(result.cases), t('policy.cases')),
    one(count(replay.changed_verdicts), t('policy.changed_verdicts')),
    one(count(result.changed), t('policy.changed')),
  ];
  for (const change of result.money) {
    const difference = Number(change.after.amount) - Number(change.before.amount);
    const sign = difference > 0 ? '+' : '';
    items.push(one(sign + money({ amount: difference, currency: change.currency }), t('policy.money_difference')));
  }
  if (result.waiting) { items.push(one(count(result.waiting), t('policy.waiting'))); }
  if (result.unreadable) { items.push(one(count(result.unreadable), t('policy.unreadable'))); }
  return make('div', { class: 'figures' }, ...items);
}

function side(title, found) {
  return make('div', {},
    make('h3', {}, title),
    make('p', {}, make('strong', {}, t(`policy.verdict.${found.verdict}`)), found.amount ? ` · ${found.amount}` : ''),
    make('p', {}, found.headline),
    found.released_by ? make('p', { class: 'small quiet' }, t('policy.released_by', { tier: t(`policy.tier.${found.released_by}`) })) : '',
    make('ul', {}, ...[...found.because, ...found.findings].map((line) => make('li', {}, line))));
}

function changeItem(change, compared) {
  const fold = make('details', { class: 'change' },
    make('summary', {},
      make('strong', {}, t('policy.ticket', { ticket: change.ticket_id, order: change.order_name })),
      make('span', {}, `${t(`policy.verdict.${change.before}`)} → ${t(`policy.verdict.${change.after}`)}`),
      make('span', { class: 'figure' }, `${money(change.before_amount)} → ${money(change.after_amount)}`)));
  fold.addEventListener('toggle', async () => {
    if (!fold.open || fold.dataset.read) { return; }
    fold.dataset.read = '';
    const wait = make('p', { class: 'small quiet compared' }, t('policy.reading'));
    fold.append(wait);
    try {
      const found = await compared(change.case_id);
      wait.replaceWith(make('div', { class: 'compared' },
        side(t('policy.before'), found.before), side(t('policy.after'), found.after)));
    } catch (trouble) {
      delete fold.dataset.read;
      wait.textContent = trouble.problem?.detail || trouble.problem?.title || String(trouble);
    }
  });
  return make('li', {}, fold);
}

function stateWords(replay) {
  const numbers = { done: count(replay.done), total: count(replay.total) };
  if (replay.state === 'failed') { return replay.problem ?? t('policy.replay.failed'); }
  if (replay.state === 'done') { return t('policy.replay.done', { total: numbers.total, seconds: replay.seconds }); }
  return t(`policy.replay.${replay.state}`, numbers);
}

/** Draw a replay into its section. `compared` reads one case with both decisions. */
export function drawReplay(section, replay, compared) {
  section.querySelector('#replay-state').textContent = stateWords(replay);
  const progress = section.querySelector('progress');
  progress.hidden = replay.state === 'done' || replay.state === 'failed';
  progress.max = Math.max(1, replay.total);
  progress.value = replay.done;
  const place = section.querySelector('#result');
  const result = replay.result;
  if (!result) { place.replaceChildren(); return; }
  const parts = [figures(replay), chart(t('policy.chart.verdicts'), verdictRows(result.moves))];
  for (const change of result.money) {
    const words = (value) => money({ amount: value, currency: change.currency });
    parts.push(chart(t('policy.chart.money', { currency: change.currency }), [
      { label: t('policy.offered'), before: Number(change.before.amount), after: Number(change.after.amount) }], words));
  }
  const tiers = tierRows(result);
  if (tiers.length) { parts.push(chart(t('policy.chart.tiers'), tiers)); }
  parts.push(make('h3', {}, t('policy.changes', { count: count(result.changed) })));
  parts.push(result.changes.length
    ? make('ul', { class: 'changes' }, ...result.changes.map((change) => changeItem(change, compared)))
    : make('p', { class: 'quiet' }, t('policy.no_changes')));
  if (result.changed > result.changes.length) {
    parts.push(make('p', { class: 'small quiet' }, t('policy.more', { count: count(result.changed - result.changes.length) })));
  }
  place.replaceChildren(...parts);
}
