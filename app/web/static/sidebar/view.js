// What is on screen: the panel, notices, what screen readers hear, and buttons that are busy.

import { resize } from './helpdesk.js';
import { t } from './texts.js';

export const panel = document.getElementById('panel');
const notice = document.getElementById('notice');
const live = document.getElementById('live');

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) { made.className = className; }
  if (text) { made.textContent = text; }
  return made;
}

// A panel that is replaced between press and release would swallow the click.
const LONGEST_PRESS_MS = 1000;
let pressedAt = -Infinity;
panel.addEventListener('pointerdown', () => { pressedAt = performance.now(); });
for (const released of ['pointerup', 'pointercancel']) {
  addEventListener(released, () => { setTimeout(() => { pressedAt = -Infinity; }, 0); });
}

/** Until nobody is in the middle of a click on the panel. */
export async function handsOff() {
  while (performance.now() - pressedAt < LONGEST_PRESS_MS) {
    await new Promise((go) => { setTimeout(go, 20); });
  }
}

// A button that works is off, and a button that goes off drops the focus: it had it, all the same.
let pressed = null;

/** Put a fresh panel in place; open folds stay open, and focus stays where it can. */
export function show(html) {
  const open = new Map([...panel.querySelectorAll('details[id]')].map((one) => [one.id, one.open]));
  const had = pressed ?? document.activeElement;
  pressed = null;
  const wasInside = panel.contains(had);
  const key = wasInside ? focusKey(had) : null;
  // The fragment is our own server's, escaped there; scripts in it would not run anyway.
  panel.innerHTML = html;
  for (const [id, isOpen] of open) {
    const fold = document.getElementById(id);
    if (fold) { fold.open = isOpen; }
  }
  panel.setAttribute('aria-busy', 'false');
  const wanted = panel.querySelector('[data-autofocus]');
  // Whoever types in the helpdesk beside us keeps the focus.
  if (wanted && document.hasFocus()) {
    wanted.focus();
  } else if (wasInside) {
    (key && panel.querySelector(key) || document.getElementById('verdict'))?.focus();
  }
  settle();
}

function focusKey(item) {
  if (item.tagName === 'SUMMARY' && item.parentElement.id) { return `#${item.parentElement.id} > summary`; }
  // Not on the refund's own button, which may just have come on: a held key must not press it.
  if (item.closest('.back')) { return '#back-title'; }
  // Several requests stand one below the other: the next one's button must not be in focus.
  if (item.dataset.action && item.tagName === 'BUTTON') { return `button${named(item)}:not(:disabled)`; }
  if (item.type === 'submit' && item.form?.dataset.action) { return `form${named(item.form)} [type="submit"]:not(:disabled)`; }
  return null;
}

function named({ dataset: { action, approval } }) {
  return `[data-action="${action}"]${approval ? `[data-approval="${approval}"]` : ''}`;
}

/** After any change of the page's height. */
export function settle() { requestAnimationFrame(resize); }
// The helpdesk makes the frame wider or narrower, and text wraps anew.
new ResizeObserver(settle).observe(document.body);

export function say(words) {
  live.textContent = '';
  // A repeated sentence is only read out when the region was empty in between.
  requestAnimationFrame(() => { live.textContent = words; });
}

export function clearNotice() {
  notice.replaceChildren();
  panel.querySelectorAll('.told').forEach((one) => one.remove());
  settle();
}

/** Where something was pressed, so that what came of it is said there: the top of a long queue is
 * out of sight. The panel may be drawn anew meanwhile, and the request be gone from it. */
export function spotOf(source) {
  const id = source.closest('[data-approval]')?.dataset.approval;
  const isLending = Boolean(source.closest('#fold-lend'));
  const item = source.closest('.queue-list > li');
  const number = item ? [...item.parentElement.children].indexOf(item) : 0;
  return (box) => {
    const card = id && panel.querySelector(`.approval[data-approval="${id}"]`);
    const list = item && panel.querySelector('.queue-list');
    if (isLending) {
      panel.querySelector('#fold-lend > summary')?.after(box);
    } else if (card) {
      (card.querySelector('.decide') ?? card.lastElementChild).before(box);
    } else if (list) {
      const row = element('li', 'told');
      row.append(box);
      list.insertBefore(row, list.children[number] ?? null);
    }
    return box.isConnected;
  };
}

/** A notice, above the panel if nothing else is named: title, what happened, whether money moved,
 * what to do, a button. */
export function tell(
  { title, detail, next, money_moved: money, request_id: id, changes }, retry, tone = 'bad', spot = null,
) {
  const box = element('div', `notice notice-${tone}`);
  box.append(element('h2', '', title));
  if (detail && detail !== title) { box.append(element('p', '', detail)); }
  for (const change of changes ?? []) {
    if (!detail?.includes(change)) { box.append(element('p', 'small', change)); }
  }
  const rest = [money ? t(`money.${money}`) : '', next].filter(Boolean).join(' ');
  if (rest) { box.append(element('p', '', rest)); }
  if (retry) {
    const button = element('button', 'button', t('retry'));
    button.type = 'button';
    button.addEventListener('click', () => { clearNotice(); retry(); }, { once: true });
    box.append(button);
  }
  if (id && money === 'maybe') { box.append(element('p', 'quiet small', t('reference', { id }))); }
  box.tabIndex = -1;
  box.classList.add('told');
  box.setAttribute('role', 'alert');
  if (spot?.(box)) {
    // Whoever pressed what is gone now reads on here.
    if (document.activeElement === document.getElementById('verdict')) { box.focus(); }
  } else {
    // The place above the panel is an alert itself.
    box.classList.remove('told');
    box.removeAttribute('role');
    notice.replaceChildren(box);
  }
  settle();
}

/** Show a button as working; the answer puts it back. */
export function working(button, words) {
  if (!button) { return () => {}; }
  const before = [...button.childNodes];
  const wasDisabled = button.disabled;
  const hadFocus = document.activeElement === button;
  pressed = hadFocus ? button : null;
  button.disabled = true;
  button.dataset.busy = '';
  button.replaceChildren(element('span', 'spinner'), element('span', '', words));
  say(words);
  settle();
  return () => {
    if (!button.isConnected) { return; }
    button.replaceChildren(...before);
    button.disabled = wasDisabled;
    delete button.dataset.busy;
    pressed = null;
    if (hadFocus && document.activeElement === document.body) { button.focus(); }
    settle();
  };
}

/** Another ticket's panel is being read: nothing of the old one may be pressed or read meanwhile. */
export function wipe(words) {
  panel.replaceChildren(element('p', 'quiet', words));
  panel.setAttribute('aria-busy', 'true');
  settle();
}

/** Nothing works for now: say why, in place of the panel. */
export function end(title, detail, tone = 'bad') {
  panel.replaceChildren();
  panel.setAttribute('aria-busy', 'false');
  tell({ title, detail }, null, tone);
}
