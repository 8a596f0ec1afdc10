// Kustomer around us, by its Cards SDK. This page connects to nothing: every call to Makegood is a
// command that Kustomer's servers bring there. https://developer.kustomer.com/docs/apps/cards-sdk

import { answered } from './carried.js';

const PATIENCE_MS = 10000;
const WRITE_MS = 8000;
const NOT_PROCESSED = Symbol('not processed');

let card = null;
let orgId = null;
let conversationId = null;
let turned = () => {};
// How this org's commands are named and signed; found with the first call that only looks.
let way = null;
let session = '';
let signingIn = null;

function within(promise, milliseconds) {
  return Promise.race([
    promise,
    new Promise((_, reject) => { setTimeout(() => reject(new Error('no answer')), milliseconds); }),
  ]);
}

/** The SDK answers by a callback, in some versions by a promise as well. */
function promised(run) {
  return new Promise((resolve, reject) => {
    const settle = (error, value) => {
      // A callback with one argument that is the result itself has been seen.
      if (error && typeof error === 'object' && 'responseBody' in error) { resolve(error); return; }
      if (error) { reject(error instanceof Error ? error : new Error('refused')); } else { resolve(value); }
    };
    try {
      run(settle)?.then?.((value) => resolve(value), reject);
    } catch (error) {
      reject(error);
    }
  });
}

/** Connect. With every conversation collapsed, a card is handed the customer alone. */
export async function connect(boot) {
  if (typeof window.Kustomer?.initialize !== 'function') { return { missing: 'no_sdk' }; }
  card = boot.card;
  let context;
  try {
    context = await within(new Promise((go) => { window.Kustomer.initialize(go); }), PATIENCE_MS);
  } catch {
    return { missing: 'no_helpdesk' };
  }
  learn(context);
  window.Kustomer.on('context', (next) => {
    const before = conversationId;
    learn(next);
    if (conversationId !== before) { turned(conversationId); }
  });
  return { ticketId: conversationId, locale: navigator.language };
}

function learn(context) {
  conversationId = context?.conversation?.id ? String(context.conversation.id) : null;
  for (const part of [context?.conversation, context?.customer, context?.company]) {
    orgId = part?.relationships?.org?.data?.id ?? orgId;
  }
}

export function on(event, handler) {
  if (event === 'ticket.changed') { turned = handler; }
}

let lastHeight = 0;

/** Make the frame as high as what is in it. */
export function resize() {
  const height = Math.min(4000, Math.max(120, Math.ceil(document.body.getBoundingClientRect().height)));
  if (height === lastHeight || typeof window.Kustomer?.resize !== 'function') { return; }
  lastHeight = height;
  window.Kustomer.resize({ height });
}

/** Kustomer shows by itself what was written on the server. */
export async function mirror() { return true; }

/** Bring one call to Makegood. The first look doesn't wait for the sign-in; everything else does. */
export async function carry(method, url, body, milliseconds) {
  const mayGoFirst = method === 'GET' && url.pathname.startsWith('/sidebar/tickets/');
  try {
    if (!session && mayGoFirst) { signIn().catch(() => {}); } else if (!session) { await signIn(); }
    const answer = await send(method, url, body, milliseconds);
    if (answer.status !== 401 || !session) { return answer; }
    // The session was refused before anything was done, so the same call may go again.
    session = '';
    await signIn();
    return await send(method, url, body, milliseconds);
  } catch (trouble) {
    if (trouble instanceof Refused) { return trouble.answer; }
    throw trouble;
  }
}

async function send(method, url, body, milliseconds) {
  const name = commandFor(method, url.pathname);
  const asked = {
    conversation: conversationId, session, method, path: url.pathname,
    query: Object.fromEntries(url.searchParams),
  };
  if (body !== undefined) { asked.body = body; }
  return run(name, asked, milliseconds);
}

/** What moves money, or stops it, has a command of its own. The server holds us to it. */
function commandFor(method, path) {
  if (method === 'GET') { return 'look'; }
  return /^\/api\/v1\/(refunds|approvals)(\/|$)/.test(path) ? 'refund' : 'act';
}

// --- who clicks --------------------------------------------------------------------------------

class Refused extends Error {
  constructor(answer) {
    super('refused');
    this.answer = answer;
  }
}

function signIn() {
  signingIn ??= prove().finally(() => { signingIn = null; });
  return signingIn;
}

/** Kustomer's server says who we are, by who wrote a challenge of Makegood's there. */
async function prove() {
  const begun = await run('sign-in', {}, PATIENCE_MS);
  if (!begun.ok) { throw new Refused(begun); }
  const { ticket, write } = begun.body;
  let failed = !write;
  if (write) {
    try {
      await within(promised((done) => window.Kustomer.request(write, done)), WRITE_MS);
    } catch {
      failed = true;
    }
  }
  const done = await run('sign-in', { ticket, failed }, PATIENCE_MS);
  if (!done.ok) { throw new Refused(done); }
  session = done.body.session;
}

// --- commands ----------------------------------------------------------------------------------

async function run(name, body, milliseconds) {
  if (way) {
    const found = await attempt(way, name, body, milliseconds);
    if (found === NOT_PROCESSED) { throw new Error('not accepted'); }
    return found;
  }
  // Only calls that change nothing come here, so each way may be tried.
  for (const one of ways()) {
    let found;
    try {
      found = await attempt(one, name, body, milliseconds);
    } catch (error) {
      if (error.message === 'no answer') { throw error; }
      continue;
    }
    if (found === NOT_PROCESSED) { continue; }
    way ??= one;
    return found;
  }
  throw new Error('no command of ours');
}

/** An org names an app's commands in one of several forms, and sends its token by the command's own
 * headers or by those that a caller hands in; the token itself never comes here. */
function ways() {
  const forms = card.forms.filter((form) => orgId || !form.includes('{org}'));
  return forms.flatMap((form) => [undefined, card.headers].map((headers) => ({ form, headers })));
}

async function attempt({ form, headers }, name, body, milliseconds) {
  const full = form.replace('{app}', card.app).replace('{org}', orgId ?? '').replace('{name}', name);
  const given = headers ? { args: {}, body, headers } : { args: {}, body };
  const result = await within(
    promised((done) => window.Kustomer.command.run(full, given, done)), milliseconds,
  );
  const found = result?.attributes ?? result?.data?.attributes ?? result ?? {};
  if (found.statusCode === 401) { return NOT_PROCESSED; }
  const inner = typeof found.responseBody === 'string' ? JSON.parse(found.responseBody) : found.responseBody;
  if (typeof inner?.status !== 'number') { throw new Error('no answer of ours'); }
  // Makegood's answer within Kustomer's.
  return answered(inner.status, inner.body);
}
