// Zendesk around us, by its app framework. Everything that may be missing is felt for first:
// https://developer.zendesk.com/api-reference/apps/apps-core-api/core_api/

let client = null;

const PATIENCE_MS = 10000;

function within(promise, milliseconds) {
  return Promise.race([
    promise,
    new Promise((_, reject) => { setTimeout(() => reject(new Error('no answer')), milliseconds); }),
  ]);
}

/** Connect. Answers what is known, or `{missing}`: "sdk", "helpdesk" or "ticket". */
export async function connect() {
  if (typeof window.ZAFClient === 'undefined') { return { missing: 'no_sdk' }; }
  client = window.ZAFClient.init();
  if (!client) { return { missing: 'no_helpdesk' }; }
  let context;
  try {
    context = await within(client.context(), PATIENCE_MS);
  } catch {
    return { missing: 'no_helpdesk' };
  }
  if (!context.ticketId) { return { missing: 'no_ticket' }; }
  const [locale, scheme] = await Promise.all([get('currentUser.locale'), get('colorScheme')]);
  on('colorScheme.changed', (changed) => applyScheme(changed));
  applyScheme(scheme);
  return { ticketId: String(context.ticketId), locale: locale || navigator.language };
}

async function get(path) {
  try {
    return (await within(client.get(path), 3000))[path];
  } catch {
    return null;
  }
}

export function on(event, handler) {
  try { client.on(event, handler); } catch { /* older frameworks lack the event */ }
}

function applyScheme(scheme) {
  const wanted = typeof scheme === 'string' ? scheme : scheme?.colorScheme;
  if (wanted === 'dark' || wanted === 'light') { document.documentElement.dataset.scheme = wanted; }
}

/** Open another ticket:
 * https://developer.zendesk.com/api-reference/apps/apps-support-api/all_locations/#routeto */
export function openTicket(id) {
  return within(client.invoke('routeTo', 'ticket', id), PATIENCE_MS).catch(() => {});
}

let lastHeight = 0;

/** Make the frame as high as what is in it. */
export function resize() {
  const height = Math.min(4000, Math.max(120, Math.ceil(document.body.getBoundingClientRect().height)));
  if (!client || height === lastHeight) { return; }
  lastHeight = height;
  client.invoke('resize', { width: '100%', height: `${height}px` }).catch(() => {});
}

/** Show in the open form what was written on the server. False when a field could not be set. */
export async function mirror({ values = {}, add_tags: add = [], remove_tags: remove = [] }) {
  const wanted = Object.entries(values);
  if (!client || !wanted.length) { return true; }
  const outcomes = await Promise.allSettled(wanted.map(async ([path, value]) => {
    // A field that shows it already is left alone, so that the form isn't marked as changed.
    if (await get(path) !== value) { await within(client.set(path, value), 5000); }
  }));
  const refused = outcomes.filter((one) => one.status === 'rejected').length;
  if (refused < outcomes.length) { await mirrorTags(add, remove); }
  // None could be set: this form doesn't have our fields, so nothing of them can be overwritten.
  return refused === 0 || refused === outcomes.length;
}

async function mirrorTags(add, remove) {
  const present = await get('ticket.tags');
  if (!Array.isArray(present)) { return; }
  const over = remove.filter((tag) => present.includes(tag));
  const missing = add.filter((tag) => !present.includes(tag));
  await Promise.allSettled([
    ...over.map((tag) => within(client.invoke('ticket.tags.remove', tag), 5000)),
    ...missing.map((tag) => within(client.invoke('ticket.tags.add', tag), 5000)),
  ]);
}
