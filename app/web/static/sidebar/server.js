// Calls to Makegood. The session stays in this module's memory and goes only into a header.

import { CardGone } from './carried.js';
import { carrier } from './helpdesk.js';
import { t } from './texts.js';

let session = '';
let reader = {};

export function signIn(token) { session = token; }
/** Give the session to another window of our own origin, or by a port the way that calls take here
 * instead; see handover.js. */
export function handSession(to, port) {
  const given = { makegood: 'session', session: port ? '' : session, locale: reader.locale };
  to.postMessage(given, location.origin, port ? [port] : []);
}
export function readAs(locale, timeZone) { reader = { locale, tz: timeZone }; }

let page = 0;

/** Another ticket is open: answers about the one before would be shown in the wrong place. */
export function turnPage() { page += 1; }

/** What went wrong, in words. `kind`: problem, expired, offline, unreachable, stale. */
export class Trouble extends Error {
  constructor(kind, problem) {
    super(problem.title);
    this.kind = kind;
    this.problem = problem;
  }
}

const READ_MS = 20000;
const ACT_MS = 60000;

async function fetched(method, url, body, milliseconds) {
  const headers = { Authorization: `Bearer ${session}` };
  if (body !== undefined) { headers['Content-Type'] = 'application/json'; }
  return fetch(url, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'omit', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(milliseconds),
  });
}

async function send(method, path, body) {
  const asked = page;
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(reader)) {
    if (value && !url.searchParams.has(name)) { url.searchParams.set(name, value); }
  }
  const bring = carrier() ?? fetched;
  let answer;
  try {
    answer = await bring(method, url, body, method === 'GET' ? READ_MS : ACT_MS);
  } catch (error) {
    stopIfTurned(asked);
    if (error instanceof CardGone) {
      throw new Trouble('problem', {
        title: t('card_gone.title'), detail: t('card_gone.detail'), next: '', money_moved: method === 'GET' ? '' : 'no',
      });
    }
    const kind = navigator.onLine ? 'unreachable' : 'offline';
    const sent = method !== 'GET' && kind === 'unreachable';
    throw new Trouble(kind, {
      title: t(`${kind}.title`), detail: t(sent ? 'unreachable.sent' : `${kind}.detail`), next: '',
      money_moved: '',
    });
  }
  stopIfTurned(asked);
  if (answer.ok) { return answer; }
  const problem = await readProblem(answer);
  throw new Trouble(answer.status === 401 ? 'expired' : 'problem', problem);
}

function stopIfTurned(asked) {
  if (asked !== page) { throw new Trouble('stale', { title: '', detail: '', next: '', money_moved: '' }); }
}

async function readProblem(answer) {
  try {
    const problem = await answer.json();
    if (typeof problem.title === 'string') { return problem; }
  } catch { /* a proxy's page instead of ours */ }
  return { title: t('unreachable.title'), detail: `HTTP ${answer.status}`, next: '', money_moved: '' };
}

export async function readJson(path) { return (await send('GET', path)).json(); }
export async function readHtml(path) { return (await send('GET', path)).text(); }
export async function act(method, path, body = {}) { return (await send(method, path, body)).json(); }
