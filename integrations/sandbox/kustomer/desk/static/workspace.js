/* The agent workspace: list, timeline, attributes, and the cards of installed apps.
   Cards stay open when the agent turns to another conversation: they are told the new context. */
(function () {
  'use strict';

  const $ = (id) => document.getElementById(id);
  const { el, ago, initials, toast, setScheme, show, rowBeside, wire, run } = window.deskParts;
  const config = JSON.parse($('config').textContent);
  const REFRESH_MS = 1000;
  const LABELS = { open: 'Open', snoozed: 'Snoozed', done: 'Done', email: 'E-mail', chat: 'Chat',
    sms: 'SMS', form: 'Web form', web: 'Web' };
  const label = (word) => LABELS[word] || word;
  const seenNotes = new Map();
  const state = { revision: '', rows: [], total: 0, open: null, turn: 0, folded: false, hosts: [],
    context: '' };

  async function call(path, body) {
    const url = new URL(path, location.origin);
    url.searchParams.set('agent', config.agent.id);
    const options = body === undefined ? {} : {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(url, options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) { throw refusal(answer, response.status); }
    return answer;
  }

  /* An Error that carries the answer, for cards that want to read it. */
  function refusal(answer, status) {
    const first = (answer.errors || [])[0] || {};
    const error = new Error(first.message || first.detail || `The helpdesk answered ${status}.`);
    return Object.assign(error, { body: { status, ...answer } });
  }

  // What cards may ask

  async function rest(path, method, body) {
    const headers = { Authorization: `Bearer ${config.session}` };
    if (body !== undefined) { headers['Content-Type'] = 'application/json'; }
    const response = await fetch(path, { method, headers,
      body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    let answer = {};
    try { answer = text ? JSON.parse(text) : {}; } catch { answer = { errors: [{ message: 'No JSON came back.' }] }; }
    if (!response.ok || answer.errors) { throw refusal(answer, response.status); }
    return answer.data === undefined ? answer : answer.data;
  }

  const act = {
    context() {
      if (!state.open) { return { type: 'customer' }; }
      const { customer, conversation } = state.open.context;
      return state.folded ? { type: 'customer', customer } : { type: 'conversation', customer, conversation };
    },
    config: () => ({ userRoles: config.agent.roles }),
    request({ url, method, body }) {
      if (!String(url).startsWith('/v1/')) { throw new Error('the url must start with /v1/'); }
      return rest(url, String(method).toUpperCase(), body);
    },
    async command({ name, args, body, headers }) {
      const run = await rest(`/v1/commands/${encodeURIComponent(name)}/run`, 'POST',
        { args: args || {}, body: body || {}, headers: headers || {} });
      return run.attributes;
    },
    openEvent(id) { open(id); },
    say: (text) => toast(text, 'error')
  };

  function tellCards() {
    const context = act.context();
    const text = JSON.stringify(context);
    if (text === state.context) { return; }
    state.context = text;
    for (const host of state.hosts) { host.push('context', context); }
  }

  function openCards() {
    for (const host of state.hosts) { host.destroy(); }
    state.context = JSON.stringify(act.context());
    state.hosts = config.cards.map((card) => new window.CardHost(card, act));
    $('cards').replaceChildren(...state.hosts.map((host) => host.node));
    if (!state.hosts.length) { $('cards').append(el('p', { class: 'app-none' }, 'No app is installed.')); }
  }

  // List

  const pathOf = (id) => `/app/conversations/${id}${location.search}`;

  function drawList() {
    const wanted = $('filter').value.trim().toLowerCase();
    const rows = state.rows.filter((row) => !wanted
      || `${row.name} ${row.customer}`.toLowerCase().includes(wanted));
    $('total').textContent = state.total;
    const focused = document.activeElement && document.activeElement.dataset.id;
    $('rows').replaceChildren(...rows.map((row) => {
      const fresh = row.notes > (seenNotes.get(row.id) || 0);
      const badge = row.notes ? el('span', { class: fresh ? 'badge fresh' : 'badge' },
        `${row.notes} ${row.notes === 1 ? 'note' : 'notes'}`) : null;
      return el('li', {}, el('a', { href: pathOf(row.id), class: 'row', dataset: { id: row.id },
        'aria-current': state.open && row.id === state.open.id ? 'page' : false,
        onclick: (event) => { event.preventDefault(); open(row.id); } },
      el('span', { class: `dot ${row.status}`, title: label(row.status) }),
      el('span', { class: 'row-main' }, el('span', { class: 'row-subject' }, row.name || '(no subject)'),
        el('span', { class: 'row-meta' }, `${row.customer} · ${label(row.channel)}`)),
      el('span', { class: 'row-side' }, el('span', { class: 'when' }, ago(row.updated_at)), badge)));
    }));
    if (!rows.length) { $('rows').append(el('li', { class: 'nothing' }, wanted ? 'Nothing matches.' : 'No conversations yet.')); }
    const again = focused && document.querySelector(`#rows [data-id="${CSS.escape(focused)}"]`);
    if (again) { again.focus({ preventScroll: true }); }
  }

  async function refresh() {
    try {
      const feed = await call(`/app/api/feed?revision=${state.revision}`);
      document.body.classList.remove('offline');
      if (!feed.conversations) { return; }
      const isFirst = state.revision === '';
      for (const row of feed.conversations) {
        const before = state.rows.find((one) => one.id === row.id);
        if (isFirst) { seenNotes.set(row.id, row.notes); }
        else if (row.notes > (before ? before.notes : 0) && !(state.open && state.open.id === row.id)) {
          toast(`Note: ${row.name}`);
        }
      }
      Object.assign(state, { revision: feed.revision, rows: feed.conversations, total: feed.total });
      drawList();
      if (state.open) { await update(); }
    } catch (error) {
      document.body.classList.add('offline');
    }
  }

  // One conversation

  async function open(id, { push = true } = {}) {
    const turn = ++state.turn;
    let found;
    try { found = await call(`/app/api/conversations/${id}`); } catch (error) { toast(error.message, 'error'); return; }
    if (turn !== state.turn) { return; }
    const isFirst = !state.open;
    Object.assign(state, { open: found, folded: false });
    if (push) { history.pushState({ id }, '', pathOf(id)); }
    document.title = found.name;
    $('empty').hidden = true;
    $('ticket').hidden = false;
    $('text').value = '';
    show('talk');
    draw(true);
    if (isFirst) { openCards(); } else { tellCards(); }
  }

  async function update() {
    const turn = state.turn;
    const found = await call(`/app/api/conversations/${state.open.id}`);
    if (turn !== state.turn) { return; }
    const grown = found.timeline.length > state.open.timeline.length;
    const from = state.open.timeline.length;
    state.open = found;
    draw(grown, from);
    tellCards();
  }

  function draw(toEnd, from = 0) {
    const found = state.open;
    seenNotes.set(found.id, found.timeline.filter((one) => one.kind === 'note').length);
    $('subject').textContent = found.name || '(no subject)';
    $('status').textContent = label(found.status);
    $('status').className = `status ${found.status}`;
    $('who').textContent = `${found.customer.name} <${found.customer.emails[0] || 'no address'}>`;
    $('via').textContent = `via ${label(found.channel)}`;
    $('tags').replaceChildren(...found.tags.map((one) => el('span', { class: 'tag' }, one)));
    $('collapse').setAttribute('aria-pressed', String(state.folded));
    $('collapse').textContent = state.folded ? 'Expand' : 'Collapse';
    document.body.classList.toggle('timeline-folded', state.folded);
    $('timeline').replaceChildren(...found.timeline.map((one, index) => entry(one, from && index >= from)));
    if (document.activeElement !== $('set-status')) {
      $('set-status').replaceChildren(...['open', 'snoozed', 'done'].map((one) => el('option', { value: one }, label(one))));
      $('set-status').value = found.status;
    }
    drawAttributes();
    drawList();
    if (toEnd) { $('timeline').scrollTop = $('timeline').scrollHeight; }
  }

  function entry(one, arrived) {
    return el('li', { class: `comment ${one.kind}${arrived ? ' arrived' : ''}` },
      el('span', { class: `avatar${one.is_machine ? ' app' : ''}`, 'aria-hidden': 'true' }, initials(one.author)),
      el('div', { class: 'bubble' },
        el('p', { class: 'comment-head' }, el('strong', {}, one.author),
          one.kind === 'note' ? el('span', { class: 'tag-note' }, 'Internal note') : null,
          el('time', { datetime: one.created_at, title: one.created_at }, ago(one.created_at))),
        el('div', { class: 'comment-body plain' }, one.text)));
  }

  function drawAttributes() {
    const found = state.open;
    const values = (list) => el('dl', { class: 'person' }, ...list.flatMap((one) => [
      el('dt', { title: one.name }, one.title),
      el('dd', {}, one.value === null || one.value === undefined ? '–' : String(one.value))]));
    const person = found.customer;
    $('attributes').replaceChildren(
      el('h2', {}, 'Conversation'), values(found.attributes),
      el('h2', {}, 'Customer'),
      el('dl', { class: 'person' }, ...person.emails.flatMap((one) => [el('dt', {}, 'E-mail'), el('dd', {}, one)]),
        ...person.phones.flatMap((one) => [el('dt', {}, 'Phone'), el('dd', {}, one)])),
      values(person.attributes),
      ...(found.objects.length ? [el('h2', {}, 'Objects')] : []),
      ...found.objects.map((one) => el('div', { class: 'object' }, el('strong', {}, one.title),
        el('small', {}, ` ${one.klass}`))),
      ...(found.drafts.length ? [el('h2', {}, 'Drafts')] : []),
      ...found.drafts.map((one) => el('div', { class: 'object comment-body plain' }, one.body)));
  }

  // Writing

  const kind = () => document.querySelector('input[name=kind]:checked').value;

  async function send() {
    if (!state.open) { return; }
    const text = $('text').value.trim();
    const status = $('set-status').value;
    if (!text && status === state.open.status) { return; }
    $('send').disabled = true;
    try {
      state.open = await call(`/app/api/conversations/${state.open.id}`, { kind: kind(), text, status });
      $('text').value = '';
      draw(true, state.open.timeline.length - 1);
      tellCards();
    } catch (error) {
      toast(error.message, 'error');
    } finally {
      $('send').disabled = false;
    }
  }

  async function sendWriter(event) {
    event.preventDefault();
    const form = $('writer-form');
    try {
      const made = await call('/app/api/conversations', Object.fromEntries(new FormData(form)));
      $('writer').close();
      form.reset();
      await refresh();
      await open(made.id);
    } catch (error) {
      $('writer-error').textContent = error.message;
    }
  }

  function openWriter() {
    $('writer-error').textContent = '';
    $('writer').showModal();
  }

  // Page

  function step(by) {
    const next = rowBeside($('rows'), by);
    if (next) { next.focus(); open(next.dataset.id); }
  }

  function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && event.target === $('text')) {
      event.preventDefault();
      send();
      return;
    }
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector('dialog[open]');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const action = { j: () => step(1), k: () => step(-1), n: openWriter,
      '/': () => { show('list'); $('filter').focus(); } }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  const idInPath = () => (/^\/app\/conversations\/([0-9a-f]{24})$/.exec(location.pathname) || [])[1];

  function start() {
    wire(config, setScheme);
    $('new-ticket').addEventListener('click', openWriter);
    document.querySelector('[data-action=new]').addEventListener('click', openWriter);
    $('collapse').addEventListener('click', () => { state.folded = !state.folded; draw(false); tellCards(); });
    $('filter').addEventListener('input', drawList);
    $('composer').addEventListener('submit', (event) => { event.preventDefault(); send(); });
    $('composer').addEventListener('change', () => { $('composer').dataset.kind = kind(); });
    $('writer-form').addEventListener('submit', sendWriter);
    document.addEventListener('keydown', onKey);
    run({ refresh, open, idInPath, everyMs: REFRESH_MS });
    window.deskHosts = () => state.hosts;  // for tests of the border
  }

  start();
})();
