// The policy's page: it takes its session over from the sidebar, then works with /api/v1/policies.

import { takeOver } from '../sidebar/handover.js';
import { act, readJson } from '../sidebar/server.js';
import { learn, t } from '../sidebar/texts.js';
import { drawReplay } from './replay.js';
import { make } from './make.js';

const boot = JSON.parse(document.getElementById('boot').textContent);
document.getElementById('boot').remove();
learn(boot.texts);

const at = (id) => document.getElementById(id);
const API = '/api/v1/policies';
const POLL_MS = 1000;

let shown = null;
let isBusy = false;
let polling = null;

// --- what is said ---------------------------------------------------------------------------

function say(words) { at('live').textContent = words; }

function tell(problem, kind = 'bad') {
  const notice = make('div', { class: `notice notice-${kind}` },
    make('p', {}, make('strong', {}, problem.title ?? '')),
    make('p', {}, problem.detail ?? ''));
  if (problem.next) { notice.append(make('p', { class: 'small' }, problem.next)); }
  at('notice').replaceChildren(notice);
}

function clear() { at('notice').replaceChildren(); }

function moment(iso) {
  return iso ? new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso)) : '';
}

// --- versions -------------------------------------------------------------------------------

function stateWords(version) {
  if (version.is_in_force) { return t('policy.state.in_force'); }
  if (version.state === 'active' && version.effective_until) { return t('policy.state.was_active'); }
  if (version.state === 'active') { return t('policy.state.from', { when: moment(version.effective_from) }); }
  return t(`policy.state.${version.state}`);
}

function scopeWords(scope) {
  if (scope === 'account') { return t('policy.scope.account'); }
  const [kind, ...name] = scope.split(':');
  return t(`policy.scope.${kind}`, { name: name.join(':') });
}

function versionRow(version) {
  const last = version.steps[version.steps.length - 1];
  const tone = version.is_in_force ? 'good' : version.state === 'active' ? 'info' : '';
  return make('li', {},
    make('button', {
      type: 'button', class: 'version-row', 'data-version': version.version,
      'aria-current': String(version.version === shown?.version),
    },
    make('strong', {}, `${version.version}. ${version.title}`),
    make('span', { class: tone ? `badge badge-${tone}` : 'badge' }, stateWords(version)),
    make('span', { class: 'small' }, `${scopeWords(version.scope)} · ${last.by}, ${moment(last.at)}`)));
}

async function list() {
  const found = await readJson(API);
  at('versions').replaceChildren(...found.versions.map(versionRow));
  const chosen = at('scope').value;
  at('scope').replaceChildren(...found.scopes.map((one) => make('option', { value: one }, scopeWords(one))));
  if (chosen) { at('scope').value = chosen; }
  return found.versions;
}

function draw() {
  const isOpen = ['draft', 'checked', 'replayed'].includes(shown.state);
  at('version').hidden = false;
  at('version-title').textContent = `${shown.version}. ${shown.title}`;
  at('version-state').textContent = `${stateWords(shown)} · ${scopeWords(shown.scope)}`;
  at('text').value = shown.text;
  at('text').readOnly = !isOpen;
  at('steps').hidden = !isOpen;
  const button = (name) => document.querySelector(`[data-act="${name}"]`);
  button('replay').disabled = shown.state === 'draft';
  button('activate').disabled = !shown.may_activate;
  button('roll-back').hidden = shown.is_in_force || !shown.effective_from || new Date(shown.effective_from) > new Date();
  button('retire').hidden = shown.state === 'retired' || (shown.is_in_force && shown.scope === 'account');
  at('log').replaceChildren(...[...shown.steps].reverse().map((step) => make('li', {},
    `${moment(step.at)}: ${t(`policy.act.${step.act}`)}, ${step.by}${step.about ? ` (${step.about})` : ''}`)));
}

async function open(number, focus = true) {
  stopPolling();
  shown = await readJson(`${API}/${number}`);
  at('problems').replaceChildren();
  draw();
  await list();
  at('replay').hidden = true;
  if (['checked', 'replayed', 'active', 'retired'].includes(shown.state)) { await watchReplay(true); }
  if (focus) { at('version-title').focus(); }
}

// --- check ----------------------------------------------------------------------------------

function goTo(problem) {
  const lines = at('text').value.split('\n');
  const start = lines.slice(0, problem.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + problem.column - 1;
  at('text').focus();
  at('text').setSelectionRange(start, start + 1);
}

function problemItem(problem) {
  const place = make('button', { type: 'button' }, t('policy.place', { line: problem.line, column: problem.column }));
  place.addEventListener('click', () => goTo(problem));
  const item = make('li', { class: `problem problem-${problem.severity}` }, place, ` ${problem.message}`);
  if (problem.understood) { item.append(make('div', { class: 'small' }, t('policy.understood'), ' ', make('code', {}, problem.understood))); }
  if (problem.suggestions.length) {
    item.append(make('div', { class: 'small' }, t('policy.can_write'), ' ', make('code', {}, problem.suggestions.slice(0, 6).join(' | '))));
  }
  return item;
}

async function showProblems() {
  const found = await act('POST', `${API}/check`, { text: at('text').value });
  const items = found.problems.map(problemItem);
  if (!items.length) { items.push(make('li', { class: 'problem problem-fine' }, t('policy.no_problems'))); }
  at('problems').replaceChildren(...items);
  say(found.ok ? t('policy.checks_out', { count: found.problems.length }) : t('policy.has_errors'));
  return found.ok;
}

// --- replay ---------------------------------------------------------------------------------

function stopPolling() { clearTimeout(polling); polling = null; }

async function watchReplay(mayBeMissing) {
  let replay;
  try {
    replay = await readJson(`${API}/${shown.version}/replay`);
  } catch (trouble) {
    if (mayBeMissing && trouble.problem?.code === 'not_found') { return; }
    throw trouble;
  }
  at('replay').hidden = false;
  drawReplay(at('replay'), replay, compared);
  if (replay.state === 'waiting' || replay.state === 'running') {
    polling = setTimeout(() => guarded(() => watchReplay(false)), POLL_MS);
    return;
  }
  stopPolling();
  say(at('replay-state').textContent);
  // Looking at it is what activation waits for: the buttons know it now.
  shown = await readJson(`${API}/${shown.version}`);
  drawKeepingText();
  await list();
}

function drawKeepingText() {
  const text = at('text').value;
  draw();
  at('text').value = text;
}

const compared = (caseId) => readJson(`${API}/${shown.version}/cases/${encodeURIComponent(caseId)}`);

// --- what a press does ----------------------------------------------------------------------

const acts = {
  save: async () => {
    shown = await act('PUT', `${API}/${shown.version}`, { text: at('text').value });
    at('replay').hidden = true;
    draw();
    await showProblems();
    await list();
  },
  check: async () => {
    if (at('text').value !== shown.text || shown.state === 'draft') {
      shown = await act('PUT', `${API}/${shown.version}`, { text: at('text').value });
    }
    if (await showProblems()) { shown = await act('POST', `${API}/${shown.version}/check`); }
    draw();
    await list();
  },
  replay: async () => {
    await act('POST', `${API}/${shown.version}/replay`);
    await watchReplay(false);
    at('replay-title').focus();
  },
  activate: async () => {
    const from = at('from').value;
    const body = from ? { effective_from: new Date(from).toISOString() } : {};
    shown = await act('POST', `${API}/${shown.version}/activate`, body);
    draw();
    await list();
    tell({ title: t('policy.activated', { state: stateWords(shown) }) }, 'good');
  },
  'roll-back': async () => {
    const back = await act('POST', `${API}/${shown.version}/roll-back`);
    await open(back.version);
    tell({ title: t('policy.rolled_back', { version: back.version }) }, 'good');
  },
  retire: async () => {
    shown = await act('POST', `${API}/${shown.version}/retire`);
    draw();
    await list();
  },
};

async function guarded(work) {
  try {
    await work();
  } catch (trouble) {
    if (trouble.problem === undefined) { throw trouble; }
    if (trouble.kind === 'expired') { end(); return; }
    tell(trouble.problem);
  }
}

async function press(button, work) {
  if (isBusy) { return; }
  isBusy = true;
  button.dataset.busy = '';
  at('page').setAttribute('aria-busy', 'true');
  clear();
  await guarded(work);
  at('page').setAttribute('aria-busy', 'false');
  delete button.dataset.busy;
  isBusy = false;
}

function listen() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-act], [data-version]');
    if (!button || button.disabled) { return; }
    if (button.dataset.version) { press(button, () => open(button.dataset.version)); return; }
    press(button, acts[button.dataset.act]);
  });
  at('new').addEventListener('submit', (event) => {
    event.preventDefault();
    press(event.submitter, async () => {
      const versions = await list();
      const like = versions.find((one) => one.is_in_force && one.scope === at('scope').value)
        ?? versions.find((one) => one.is_in_force);
      const { text } = like ? await readJson(`${API}/${like.version}`) : { text: '' };
      const made = await act('POST', API, { text, scope: at('scope').value });
      await open(made.version, false);
      at('text').focus();
    });
  });
  addEventListener('beforeunload', (event) => {
    if (shown && !at('text').readOnly && at('text').value !== shown.text) { event.preventDefault(); }
  });
}

// --- start ----------------------------------------------------------------------------------

function end() {
  shown = null;
  at('content').hidden = true;
  at('page').setAttribute('aria-busy', 'false');
  at('waiting').hidden = true;
  tell({ title: t('policy.no_session.title'), detail: t('policy.no_session.detail') }, 'warn');
}

async function start() {
  if (!await takeOver()) { end(); return; }
  listen();
  await guarded(async () => {
    const versions = await list();
    at('waiting').hidden = true;
    at('content').hidden = false;
    const first = versions.find((one) => one.is_in_force) ?? versions[0];
    if (first) { await open(first.version, false); }
  });
  at('page').setAttribute('aria-busy', 'false');
}

start();
