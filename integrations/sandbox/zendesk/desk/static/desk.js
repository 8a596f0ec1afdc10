/* The agent workspace: list, conversation, fields, and the app in its sidebar. */
(function () {
  'use strict';

  const $ = (id) => document.getElementById(id);
  const config = JSON.parse($('config').textContent);
  const agentId = String(config.agent.id);
  const REFRESH_MS = 1000;
  const SETTABLE_STATUSES = ['open', 'pending', 'hold', 'solved'];
  const seenNotes = new Map();
  const state = { revision: '', rows: [], total: 0, ticket: null, dirty: {}, hidden: new Set(),
    disabled: new Set(), host: null, loading: 0 };

  const { el, ago, initials, toast, show, rowBeside, wire, run } = window.deskParts;

  async function call(path, body) {
    const url = new URL(path, location.origin);
    url.searchParams.set('agent', agentId);
    const options = body === undefined ? {} : {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(url, options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) { throw new Error(refusal(answer, response.status)); }
    return answer;
  }

  function refusal(answer, status) {
    const details = answer.details && Object.values(answer.details).flat()[0];
    if (details) { return details.description; }
    if (answer.error && typeof answer.error === 'object') { return answer.error.message; }
    return answer.description || answer.error || `The helpdesk answered ${status}.`;
  }

  const labels = { new: 'New', open: 'Open', pending: 'Pending', hold: 'On hold', solved: 'Solved',
    closed: 'Closed', email: 'E-mail', web: 'Web', chat: 'Chat', voice: 'Phone', api: 'API' };
  const label = (word) => labels[word] || word;

  // Colours

  function setScheme(scheme) {
    window.deskParts.setScheme(scheme);
    if (state.host) { state.host.changed('colorScheme', scheme); }
  }

  // List

  function drawList() {
    const wanted = $('filter').value.trim().toLowerCase();
    const rows = state.rows.filter((row) => !wanted
      || `${row.id} ${row.subject} ${row.requester} ${row.preview}`.toLowerCase().includes(wanted));
    $('total').textContent = state.total;
    const focused = document.activeElement && document.activeElement.dataset.id;
    const current = state.ticket && state.ticket.id;
    $('tickets').replaceChildren(...rows.map((row) => {
      const fresh = row.notes > (seenNotes.get(row.id) || 0);
      const badge = row.notes
        ? el('span', { class: fresh ? 'badge fresh' : 'badge', title: 'Internal notes' },
          `${row.notes} ${row.notes === 1 ? 'note' : 'notes'}`) : null;
      return el('li', {}, el('a', {
        href: pathOf(row.id), class: 'row', dataset: { id: row.id },
        'aria-current': row.id === current ? 'page' : false,
        onclick: (event) => { event.preventDefault(); open(row.id); }
      },
      el('span', { class: `dot ${row.status}`, title: label(row.status) }),
      el('span', { class: 'row-main' },
        el('span', { class: 'row-subject' }, row.subject || '(no subject)'),
        el('span', { class: 'row-meta' }, `${row.requester} · ${label(row.channel)}`)),
      el('span', { class: 'row-side' }, el('span', { class: 'when' }, ago(row.updated_at)), badge)));
    }));
    if (focused) {
      const again = document.querySelector(`#tickets [data-id="${CSS.escape(focused)}"]`);
      if (again) { again.focus({ preventScroll: true }); }
    }
    if (!rows.length) {
      $('tickets').append(el('li', { class: 'nothing' }, wanted ? 'Nothing matches.' : 'No tickets yet.'));
    }
  }

  const pathOf = (id) => `/agent/tickets/${id}${location.search}`;

  async function refresh() {
    try {
      const feed = await call(`/agent/api/feed?revision=${state.revision}`);
      document.body.classList.remove('offline');
      if (!feed.tickets) { return; }
      const first = state.revision === '';
      for (const row of feed.tickets) {
        if (first) { seenNotes.set(row.id, row.notes); }
        const before = state.rows.find((one) => one.id === row.id);
        if (!first && row.notes > (before ? before.notes : 0) && !(state.ticket && state.ticket.id === row.id)) {
          toast(`Note on #${row.id}: ${row.subject}`);
        }
      }
      Object.assign(state, { revision: feed.revision, rows: feed.tickets, total: feed.total });
      drawList();
      if (state.ticket) { await update(); }
    } catch (error) {
      document.body.classList.add('offline');
    }
  }

  // One ticket

  async function open(id, { push = true } = {}) {
    const turn = ++state.loading;
    let ticket;
    try { ticket = await call(`/agent/api/tickets/${id}`); } catch (error) { toast(error.message, 'error'); return; }
    if (turn !== state.loading) { return; }
    closeApp();
    Object.assign(state, { ticket, dirty: {}, hidden: new Set(), disabled: new Set() });
    if (push) { history.pushState({ id }, '', pathOf(id)); }
    document.title = `#${id} ${ticket.subject}`;
    $('empty').hidden = true;
    $('ticket').hidden = false;
    $('text').value = '';
    pickKind(config.agent.onlyPrivateComments ? 'note' : 'public');
    show('talk');
    draw({ toEnd: true });
    await openApp();
  }

  async function update() {
    const turn = state.loading;
    const ticket = await call(`/agent/api/tickets/${state.ticket.id}`);
    if (turn !== state.loading) { return; }
    const before = state.ticket;
    state.ticket = ticket;
    const grown = ticket.comments.length > before.comments.length;
    draw({ toEnd: grown, from: before.comments.length, live: true });
    if (!state.host) { return; }
    for (const name of ['subject', 'status', 'priority', 'type']) {
      if (ticket[name] !== before[name] && !(name in state.dirty)) {
        state.host.changed(`ticket.${name}`, ticket[name]);
      }
    }
    if (ticket.tags.join() !== before.tags.join()) { state.host.changed('ticket.tags', value('tags')); }
    if (grown) { state.host.changed('ticket.comments', appAnswers.read('ticket.comments')); }
  }

  const value = (name) => (name in state.dirty ? state.dirty[name] : state.ticket[name]);

  function fieldValue(field) {
    const key = `custom_field_${field.id}`;
    return key in state.dirty ? state.dirty[key] : field.value;
  }

  function edit(name, changed) {
    state.dirty[name] = changed;
    if (state.host) { state.host.changed(`ticket.${name}`, changed); }
    drawFields();
    drawHead();
  }

  function draw({ toEnd = false, from = 0, live = false } = {}) {
    seenNotes.set(state.ticket.id, state.ticket.comments.filter((one) => !one.public).length);
    drawHead();
    // A live refresh leaves alone what the agent is reading or typing in.
    if (!live || toEnd) { drawComments(from); }
    if (!live || !isTypingInFields()) { drawFields(); }
    drawList();
    if (toEnd) { $('comments').scrollTop = $('comments').scrollHeight; }
  }

  function drawHead() {
    const ticket = state.ticket;
    $('subject').textContent = value('subject') || '(no subject)';
    $('status').textContent = label(ticket.status);
    $('status').className = `status ${ticket.status}`;
    $('number').textContent = `#${ticket.id}`;
    $('who').textContent = `${ticket.requester.name} <${ticket.requester.email || 'no address'}>`;
    $('via').textContent = `via ${label(ticket.channel)}`;
    const choices = SETTABLE_STATUSES.map((one) => el('option', { value: one }, label(one)));
    const wanted = value('status') === 'new' ? 'open' : value('status');
    $('submit-status').replaceChildren(...choices);
    $('submit-status').value = SETTABLE_STATUSES.includes(wanted) ? wanted : 'open';
    const closed = ticket.status === 'closed';
    $('submit').disabled = closed;
    $('text').disabled = closed;
    $('text').placeholder = closed ? 'A closed ticket can’t be changed.' : 'Write…';
  }

  function drawComments(from) {
    $('comments').replaceChildren(...state.ticket.comments.map((one, index) => {
      const kind = one.public ? (one.is_staff ? 'staff' : 'customer') : 'note';
      const body = el('div', { class: 'comment-body' });
      body.innerHTML = one.html;  // cleaned by the server's list of allowed tags
      for (const link of body.querySelectorAll('a')) {
        link.target = '_blank';
        link.rel = 'noopener noreferrer';
      }
      return el('li', { class: `comment ${kind}${from && index >= from ? ' arrived' : ''}` },
        el('span', { class: `avatar${one.is_app ? ' app' : ''}`, 'aria-hidden': 'true' }, initials(one.author)),
        el('div', { class: 'bubble' },
          el('p', { class: 'comment-head' }, el('strong', {}, one.author),
            one.public ? null : el('span', { class: 'tag-note' }, 'Internal note'),
            el('time', { datetime: one.created_at, title: one.created_at }, ago(one.created_at))),
          body));
    }));
  }

  // Ticket form

  function isTypingInFields() {
    const active = document.activeElement;
    return $('fields').contains(active) && /^(INPUT|TEXTAREA)$/.test(active.tagName);
  }

  function drawFields() {
    const focused = document.activeElement && document.activeElement.id;
    const ticket = state.ticket;
    const choice = (name, title, options) => row(name, title, select(name, options, value(name),
      (picked) => edit(name, picked || null)));
    const people = config.agents.map((one) => [one.id, one.name]);
    const parts = [
      el('h2', {}, 'Ticket'),
      row('requester', 'Requester', el('output', { id: 'f-requester' }, ticket.requester.name)),
      choice('assignee_id', 'Assignee', [['', '–'], ...people]),
      choice('priority', 'Priority', [['', '–'], ...['low', 'normal', 'high', 'urgent'].map((one) => [one, one])]),
      choice('type', 'Type', [['', '–'], ...['question', 'incident', 'problem', 'task'].map((one) => [one, one])]),
      row('tags', 'Tags', tagsInput()),
      ticket.fields.length ? el('h2', {}, 'Custom fields') : null,
      ...ticket.fields.filter((field) => !state.hidden.has(`custom_field_${field.id}`)).map(customField),
      el('h2', {}, 'Customer'),
      el('dl', { class: 'person' }, ...ticket.requester.identities.flatMap((one) => [
        el('dt', {}, one.type === 'phone_number' ? 'Phone' : one.type === 'email' ? 'E-mail' : one.type),
        el('dd', {}, one.value)]),
      ...ticket.requester.user_fields.flatMap((one) => [
        el('dt', {}, one.title), el('dd', {}, one.value === null || one.value === undefined ? '–' : String(one.value))]))
    ];
    $('fields').replaceChildren(...parts.filter(Boolean));
    if (focused && focused.startsWith('f-') && $(focused)) { $(focused).focus(); }
  }

  function row(name, title, control) {
    const dirty = name in state.dirty;
    return el('div', { class: dirty ? 'field dirty' : 'field' },
      el('label', { for: `f-${name}` }, title, dirty ? el('i', { title: 'Not submitted yet' }, '•') : null), control);
  }

  function select(name, options, chosen, onpick) {
    const node = el('select', { id: `f-${name}`, disabled: state.disabled.has(name),
      onchange: () => onpick(node.value) }, ...options.map(([key, text]) => el('option', { value: key }, text)));
    node.value = chosen || '';
    return node;
  }

  function tagsInput() {
    const node = el('textarea', { id: 'f-tags', rows: 2, spellcheck: 'false',
      onchange: () => edit('tags', [...new Set(node.value.toLowerCase().split(/\s+/).filter(Boolean))].sort()) });
    node.value = value('tags').join(' ');
    return node;
  }

  function customField(field) {
    const name = `custom_field_${field.id}`;
    const current = fieldValue(field);
    if (field.options.length && field.type !== 'multiselect') {
      return row(name, field.title, select(name, [['', '–'],
        ...field.options.map((one) => [one.value, one.name])], current, (picked) => edit(name, picked || null)));
    }
    if (field.type === 'checkbox') {
      const box = el('input', { id: `f-${name}`, type: 'checkbox', disabled: state.disabled.has(name),
        onchange: () => edit(name, box.checked) });
      box.checked = Boolean(current);
      return row(name, field.title, box);
    }
    const shown = Array.isArray(current) ? current.join(' ') : current;
    const input = el('input', { id: `f-${name}`, value: shown === null || shown === undefined ? '' : shown,
      type: field.type === 'date' ? 'date' : 'text', disabled: state.disabled.has(name), autocomplete: 'off',
      onchange: () => edit(name, field.type === 'multiselect'
        ? input.value.split(/\s+/).filter(Boolean) : input.value || null) });
    return row(name, field.title, input);
  }

  // Submitting

  const kind = () => document.querySelector('input[name=kind]:checked').value;

  function pickKind(wanted) {
    const input = document.querySelector(`input[name=kind][value=${wanted}]`);
    if (input && !input.disabled) { input.checked = true; }
    $('composer').dataset.kind = kind();
  }

  function formBody() {
    const body = { custom_fields: [] };
    for (const [name, changed] of Object.entries(state.dirty)) {
      if (name.startsWith('custom_field_')) {
        body.custom_fields.push({ id: Number(name.slice('custom_field_'.length)), value: changed });
      } else {
        body[name] = changed;
      }
    }
    if (!body.custom_fields.length) { delete body.custom_fields; }
    return body;
  }

  async function submit() {
    const text = $('text').value.trim();
    const ticket = state.ticket;
    if (!ticket || $('submit').disabled) { return; }
    $('submit').disabled = true;
    try {
      if (kind() === 'customer') {
        if (!text) { return; }
        state.ticket = await call(`/agent/api/tickets/${ticket.id}/reply`, { body: text });
      } else {
        if (state.host) { await state.host.hook('ticket.save'); }
        const body = formBody();
        const status = $('submit-status').value;
        if (status !== ticket.status) { body.status = status; }
        if (status === 'solved' && !value('assignee_id')) { body.assignee_id = Number(agentId); }
        if (text) { body.comment = { body: text, public: kind() === 'public' }; }
        if (!Object.keys(body).length) { return; }
        state.ticket = await call(`/agent/api/tickets/${ticket.id}`, body);
        state.dirty = {};
        if (state.host) { state.host.emit('ticket.submit.done'); }
      }
      $('text').value = '';
      draw({ toEnd: true, from: ticket.comments.length });
    } catch (error) {
      if (state.host) { state.host.emit('ticket.submit.fail'); }
      toast(error.message, 'error');
    } finally {
      $('submit').disabled = state.ticket.status === 'closed';
    }
  }

  // What the app may see and do

  const appAnswers = window.answersForApps({ $, config, state, SETTABLE_STATUSES, value, fieldValue, edit,
    kind, pickKind, drawFields, toast, open });

  // The app

  function closeApp() {
    if (state.host) { state.host.destroy(); state.host = null; }
    $('app-slot').replaceChildren();
  }

  async function openApp() {
    closeApp();
    const ticket = state.ticket;
    const turn = state.loading;
    let load;
    try { load = await call(`/agent/api/tickets/${ticket.id}/sidebar`, {}); } catch (error) { toast(error.message, 'error'); return; }
    if (turn !== state.loading) { return; }
    if (!/^https?:/.test(load.url)) {
      $('app-slot').append(el('p', { class: 'app-none' }, 'No sidebar url is set for the installed app.'));
      return;
    }
    const url = new URL(load.url);
    url.searchParams.set('origin', location.origin);
    url.searchParams.set('app_guid', load.app_guid);
    const name = `app-${load.app_guid}`;
    const iframe = el('iframe', { name, title: config.app.name,
      allow: 'clipboard-read; clipboard-write', sandbox: 'allow-forms allow-popups allow-popups-to-escape-sandbox '
        + 'allow-same-origin allow-scripts allow-downloads' });
    const form = el('form', { method: 'post', action: url.href, target: name, hidden: true },
      el('input', { type: 'hidden', name: 'token', value: load.token }));
    $('app-slot').append(iframe, form);
    state.host = new window.AppHost(iframe, {
      appOrigin: url.origin,
      guid: load.app_guid,
      metadata: config.app,
      context: { instanceGuid: load.app_guid, product: 'support', account: { subdomain: config.subdomain },
        location: 'ticket_sidebar', ticketId: ticket.id },
      ...appAnswers
    });
    // The first load is a form POST that carries the signed token.
    form.submit();
  }

  // Page

  function step(by) {
    const next = rowBeside($('tickets'), by);
    if (next) { next.focus(); open(Number(next.dataset.id)); }
  }

  function openWriter() {
    $('writer-error').textContent = '';
    $('writer').showModal();
  }

  async function sendWriter(event) {
    event.preventDefault();
    const form = $('writer-form');
    const button = form.querySelector('button.primary');
    button.disabled = true;
    try {
      const made = await call('/agent/api/tickets', Object.fromEntries(new FormData(form)));
      $('writer').close();
      form.reset();
      await refresh();
      await open(made.id);
    } catch (error) {
      $('writer-error').textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }

  function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && event.target === $('text')) {
      event.preventDefault();
      submit();
      return;
    }
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector('dialog[open]');
    if (event.key === 'Escape' && typing && !document.querySelector('dialog[open]')) { event.target.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const write = (wanted) => () => { pickKind(wanted); show('talk'); $('text').focus(); };
    const action = { j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
      n: openWriter, r: write('public'), i: write('note'), c: write('customer'),
      '/': () => { show('list'); $('filter').focus(); }, '?': () => $('keys').showModal() }[event.key];
    if (action && (event.key.length === 1 || event.target.closest('.list'))) { event.preventDefault(); action(); }
  }

  function start() {
    wire(config, setScheme);
    $('app-name').textContent = config.app.name;
    if (config.agent.onlyPrivateComments) {
      document.querySelector('input[name=kind][value=public]').disabled = true;
    }
    pickKind(kind());
    $('help').addEventListener('click', () => $('keys').showModal());
    $('new-ticket').addEventListener('click', openWriter);
    document.querySelector('[data-action=new-ticket]').addEventListener('click', openWriter);
    $('filter').addEventListener('input', drawList);
    $('composer').addEventListener('submit', (event) => { event.preventDefault(); submit(); });
    for (const radio of document.querySelectorAll('input[name=kind]')) {
      radio.addEventListener('change', () => { $('composer').dataset.kind = kind(); });
    }
    $('reload-app').addEventListener('click', () => { if (state.ticket) { openApp(); } });
    $('writer-form').addEventListener('submit', sendWriter);
    document.addEventListener('keydown', onKey);
    run({ refresh, open, idInPath: ticketInPath, everyMs: REFRESH_MS });
    window.deskHost = () => state.host;  // for tests of the protocol
  }

  function ticketInPath() {
    const match = /^\/agent\/tickets\/(\d+)$/.exec(location.pathname);
    return match ? Number(match[1]) : null;
  }

  start();
})();
