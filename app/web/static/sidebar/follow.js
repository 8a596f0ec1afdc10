// Follow a refund until it is final: count the hold down, then ask where it stands, less and less
// often. Nothing runs while the app is out of sight.

import { readJson } from './server.js';
import { t } from './texts.js';
import { panel } from './view.js';

const EVERY_MS = 1000;
const SLOWEST_MS = 30000;
const PATIENT_ASKS = 20;

let timer = null;
let ticker = null;
let isPaused = false;

export function stop() {
  clearTimeout(timer);
  clearInterval(ticker);
  timer = ticker = null;
}

export function pause() { isPaused = true; stop(); }
export function resume() { isPaused = false; }

/** Start for the panel as it is now. `changed` is called when the refund's state is another. */
export function follow(changed) {
  stop();
  const card = panel.querySelector('[data-refund][data-state]');
  if (!card || isPaused || card.dataset.final === 'yes') { return; }
  const holdMs = Number(card.dataset.holdMs) || 0;
  if (holdMs > 0) { countDown(card, holdMs); }
  ask(card.dataset.refund, card.dataset.state, holdMs > 0 ? Math.min(holdMs, EVERY_MS) : EVERY_MS, 1, changed);
}

function countDown(card, holdMs) {
  const until = performance.now() + holdMs;
  const bar = card.querySelector('.hold-bar');
  const left = card.querySelector('[data-hold-left]');
  if (bar && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
    bar.animate([{ transform: 'scaleX(1)' }, { transform: 'scaleX(0)' }], { duration: holdMs, fill: 'forwards' });
  }
  const tick = () => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    if (left) { left.textContent = seconds > 0 ? t('hold.left', { seconds }) : ''; }
    if (seconds <= 0) {
      clearInterval(ticker);
      const cancel = card.querySelector('[data-action="cancel"]');
      if (cancel) {
        // A button that goes off drops the focus; the next panel takes it up from the verdict.
        if (cancel === document.activeElement) { document.getElementById('verdict')?.focus(); }
        cancel.disabled = true;
      }
    }
  };
  tick();
  ticker = setInterval(tick, 250);
}

function ask(id, shown, waitMs, asked, changed) {
  timer = setTimeout(async () => {
    let refund = null;
    try {
      refund = await readJson(`/api/v1/refunds/${encodeURIComponent(id)}`);
    } catch (trouble) {
      if (trouble.kind === 'stale') { return; }
      if (trouble.kind === 'expired') { changed(null, trouble); return; }
    }
    if (isPaused) { return; }
    // A settled one whose bonus is still to be given isn't final yet.
    if (refund && (refund.state !== shown || refund.is_final)) { changed(refund, null); return; }
    const isQuick = asked < PATIENT_ASKS && (shown === 'holding' || shown === 'sending' || shown === 'approved');
    const next = isQuick && refund ? EVERY_MS : Math.min(SLOWEST_MS, waitMs * 1.6);
    ask(id, shown, next, asked + 1, changed);
  }, waitMs);
}
