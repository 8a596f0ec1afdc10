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

  // Small helpers

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) { node.addEventListener(name.slice(2), value); }
      else if (name === 'dataset') { Object.assign(node.dataset, value); }
      else if (value === true) { node.setAttribute(name, ''); }
      else if (value !== false && value !== null && value !== undefined) { node.setAttribute(name, value); }
    }
    node.append(...children.filter((one) => one !== null && one !== undefined));
    return node;
  }

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

  function toast(text, kind = 'notice') {
    const node = el('div', { class: `toast ${kind}` }, text);
    $('toasts').append(node);
    setTimeout(() => node.remove(), 6000);
  }

  function ago(stamp) {
    const seconds = Math.max(0, (Date.now() - Date.parse(stamp)) / 1000);
    if (seconds < 60) { return 'now'; }
    if (seconds < 3600) { return `${Math.floor(seconds / 60)} min`; }
    if (seconds < 86400) { return `${Math.floor(seconds / 3600)} h`; }
    return new Date(stamp).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  }

  const initials = (name) => name.split(/\s+/).map((part) => part[0] || '').join('').slice(0, 2).toUpperCase();
  const labels = { new: 'New', open: 'Open', pending: 'Pending', hold: 'On hold', solved: 'Solved',
    closed: 'Closed', email: 'E-mail', web: 'Web', chat: 'Chat', voice: 'Phone', api: 'API' };
  const label = (word) => labels[word] || word;

  // Colours

  function setScheme(scheme) {
    document.documentElement.dataset.scheme = scheme;
    $('scheme').setAttribute('aria-pressed', String(scheme === 'dark'));
    try { localStorage.setItem('desk-scheme', scheme); } catch (refused) { /* private window */ }
    if (state.host) { state.host.changed('colorScheme', scheme); }
  }

  function firstScheme() {
    const asked = new URLSearchParams(location.search).get('scheme');
    let kept = null;
    try { kept = localStorage.getItem('desk-scheme'); } catch (refused) { /* private window */ }
    return asked || kept || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
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
    if (grown) { state.host.changed('ticket.comments', commentsForApp()); }
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
      read, write, call: invoke, request
    });
    // The first load is a form POST that carries the signed token.
    form.submit();
  }

  function personForApp(person) {
    return { id: Number(person.id), name: person.name, email: person.email || null, locale: person.locale,
      externalId: null, role: 'end-user',
      identities: person.identities.map((one) => ({ type: one.type, value: one.value })) };
  }

  const commentsForApp = () => state.ticket.comments.map((one) => ({
    id: Number(one.id), author: { id: Number(one.author_id), name: one.author,
      role: one.is_staff ? 'agent' : 'end-user' },
    value: one.html, public: one.public, imageAttachments: [], nonImageAttachments: [], via: { channel: one.channel } }));

  function unknown(path) {
    const error = new Error('Could not find handler for this path');
    error.name = 'APIUnknownPathError';
    return Object.assign(error, { path });
  }

  function customByPath(path) {
    const match = /^ticket\.customField:(custom_field_(\d+))$/.exec(path);
    const field = match && state.ticket.fields.find((one) => one.id === match[2]);
    return field ? { name: match[1], field } : null;
  }

  function within(record, rest, path) {
    let found = record;
    for (const part of rest) {
      if (found === null || typeof found !== 'object' || !(part in found)) { throw unknown(path); }
      found = found[part];
    }
    return found;
  }

  function ticketForApp() {
    const ticket = state.ticket;
    const assignee = config.agents.find((one) => one.id === String(value('assignee_id')));
    return { id: ticket.id, subject: value('subject'), description: ticket.description,
      status: value('status'), priority: value('priority') || '-', type: value('type') || 'ticket',
      tags: value('tags'), requester: personForApp(ticket.requester), createdAt: ticket.created_at,
      updatedAt: ticket.updated_at, externalId: ticket.external_id, isNew: false,
      brand: { id: Number(ticket.brand.id), name: ticket.brand.name }, form: { id: Number(ticket.form_id) },
      assignee: { user: assignee ? { id: Number(assignee.id), name: assignee.name } : null,
        group: ticket.group_id ? { id: Number(ticket.group_id) } : null },
      via: { channel: ticket.channel }, comments: commentsForApp(),
      comment: { text: $('text').value, type: kind() === 'note' ? 'internalNote' : 'publicReply' },
      organization: null, collaborators: [] };
  }

  /* client.get */
  function read(path) {
    if (path === 'colorScheme') { return document.documentElement.dataset.scheme; }
    if (path === 'viewport.size') { return { width: innerWidth, height: innerHeight }; }
    if (path === 'instances') {
      return { [state.host.guid]: { instanceGuid: state.host.guid, location: 'ticket_sidebar', product: 'support' } };
    }
    if (path === `instances.${state.host.guid}`) { return state.host.context; }
    if (path.startsWith('requirement:')) {
      const found = config.requirements[path.slice('requirement:'.length)];
      if (!found) { throw unknown(path); }
      return found;
    }
    const custom = customByPath(path);
    if (custom) { return fieldValue(custom.field); }
    const [root, ...rest] = path.split('.');
    if (root === 'ticket') { return within(ticketForApp(), rest, path); }
    if (root === 'currentUser') { return within(config.agent, rest, path); }
    if (root === 'currentAccount') {
      return within({ subdomain: config.subdomain, planName: 'Enterprise', timeZone: config.agent.timeZone }, rest, path);
    }
    if (path === 'comment' || path.startsWith('comment.')) { return within(ticketForApp().comment, rest, path); }
    if (path === 'ticketFields') {
      return state.ticket.fields.map((one) => ({ name: `custom_field_${one.id}`, label: one.title,
        type: one.type, isVisible: !state.hidden.has(`custom_field_${one.id}`) }));
    }
    throw unknown(path);
  }

  /* client.set: changes the open form, not the stored ticket. */
  function write(path, changed) {
    const custom = customByPath(path);
    if (custom) {
      const { field, name } = custom;
      if (changed && ['tagger', 'dropdown'].includes(field.type)
          && !field.options.some((one) => one.value === changed)) {
        throw new Error('is not one of the field’s options');
      }
      edit(name, changed === '' ? null : changed);
      return changed;
    }
    if (path === 'ticket.status' && !SETTABLE_STATUSES.includes(changed)) {
      throw new Error('must be open, pending, hold or solved');
    }
    if (path === 'ticket.tags') {
      edit('tags', [...new Set(changed)].sort());
      return changed;
    }
    if (['comment.text', 'ticket.comment.text', 'comment', 'ticket.comment'].includes(path)) {
      $('text').value = typeof changed === 'object' ? changed.text : changed;
      return changed;
    }
    if (path === 'comment.type' || path === 'ticket.comment.type') {
      pickKind(changed === 'internalNote' ? 'note' : 'public');
      return changed;
    }
    const name = path.startsWith('ticket.') ? path.slice('ticket.'.length) : '';
    if (!['subject', 'status', 'priority', 'type'].includes(name)) { throw unknown(path); }
    edit(name, changed);
    return changed;
  }

  /* client.invoke */
  function invoke(action, args) {
    const list = Array.isArray(args) ? args : [];
    if (action === 'resize') {
      const size = list[0] || {};
      const frame = state.host.iframe;
      if (size.height) { frame.style.height = /^\d+$/.test(size.height) ? `${size.height}px` : size.height; }
      return null;
    }
    if (action === 'notify') { toast(String(list[0] || '').replace(/<[^>]*>/g, ''), list[1] || 'notice'); return null; }
    if (action === 'track') { return null; }
    if (action === 'app.close' || action === 'popover') { return null; }
    if (['comment.appendText', 'ticket.comment.appendText', 'ticket.editor.insert'].includes(action)) {
      const box = $('text');
      box.value += (box.value && !/\s$/.test(box.value) ? '\n' : '') + String(list[0]);
      box.dispatchEvent(new Event('input'));
      return null;
    }
    if (action === 'ticket.tags.add' || action === 'ticket.tags.remove') {
      const given = list.flat();
      const kept = action.endsWith('add') ? [...value('tags'), ...given] : value('tags').filter((one) => !given.includes(one));
      edit('tags', [...new Set(kept)].sort());
      return null;
    }
    const field = /^ticketFields:(\w+)\.(show|hide|enable|disable)$/.exec(action);
    if (field) {
      const [, name, what] = field;
      if (what === 'hide') { state.hidden.add(name); }
      if (what === 'show') { state.hidden.delete(name); }
      if (what === 'disable') { state.disabled.add(name); }
      if (what === 'enable') { state.disabled.delete(name); }
      drawFields();
      return null;
    }
    if (action === 'routeTo' && list[0] === 'ticket') { open(Number(list[1])); return null; }
    throw unknown(action);
  }

  /* client.request: the account's own API runs as the agent; there is no proxy to other hosts. */
  async function request(options) {
    const url = new URL(options.url, location.origin);
    const own = url.origin === location.origin || url.hostname === `${config.subdomain}.zendesk.com`;
    if (!own && !options.cors) {
      const text = 'This workspace has no proxy to other hosts.';
      return { ok: false, xhr: { status: 502, statusText: 'Bad Gateway', responseText: text } };
    }
    const method = String(options.type || options.method || 'GET').toUpperCase();
    const headers = { ...(options.headers || {}) };
    if (own) { headers.Authorization = `Bearer ${config.session}`; }
    let body;
    if (options.data !== undefined && options.data !== null) {
      if (method === 'GET') {
        for (const [name, one] of Object.entries(options.data)) { url.searchParams.set(name, one); }
      } else {
        body = typeof options.data === 'string' ? options.data : new URLSearchParams(options.data);
        headers['Content-Type'] = options.contentType || 'application/x-www-form-urlencoded; charset=UTF-8';
      }
    }
    const response = await fetch(own ? url.pathname + url.search : url, { method, headers, body });
    const text = await response.text();
    let json;
    try { json = JSON.parse(text); } catch (notJson) { json = undefined; }
    const xhr = { status: response.status, statusText: response.statusText, responseText: text, responseJSON: json,
      responseHeaders: Object.fromEntries(response.headers) };
    const found = json === undefined ? text : json;
    return { ok: response.ok, body: options.httpCompleteResponse ? xhr : found, xhr };
  }

  // Page

  function show(view) {
    document.body.dataset.view = view;
    for (const tab of document.querySelectorAll('.tabs button')) {
      tab.setAttribute('aria-current', tab.dataset.show === view ? 'page' : 'false');
    }
  }

  function step(by) {
    const rows = [...document.querySelectorAll('#tickets .row')];
    const now = rows.findIndex((row) => row.getAttribute('aria-current') === 'page');
    const next = rows[now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + by))];
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
    setScheme(firstScheme());
    $('app-name').textContent = config.app.name;
    $('agent').replaceChildren(...config.agents.map((one) => el('option', { value: one.id }, `${one.name} · ${one.role}`)));
    $('agent').value = agentId;
    if (config.agent.onlyPrivateComments) {
      document.querySelector('input[name=kind][value=public]').disabled = true;
    }
    pickKind(kind());
    $('agent').addEventListener('change', () => {
      const url = new URL(location.href);
      url.searchParams.set('agent', $('agent').value);
      location.assign(url);
    });
    $('scheme').addEventListener('click', () => setScheme(
      document.documentElement.dataset.scheme === 'dark' ? 'light' : 'dark'));
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
    for (const button of document.querySelectorAll('[data-close]')) {
      button.addEventListener('click', () => button.closest('dialog').close());
    }
    for (const tab of document.querySelectorAll('.tabs button')) {
      tab.addEventListener('click', () => show(tab.dataset.show));
    }
    document.addEventListener('keydown', onKey);
    addEventListener('popstate', () => { const id = ticketInPath(); if (id) { open(id, { push: false }); } });
    show('list');
    const tick = () => refresh().finally(() => setTimeout(tick, REFRESH_MS));
    refresh().then(async () => {
      const id = ticketInPath();
      if (id) { await open(id, { push: false }); }
    }).finally(() => setTimeout(tick, REFRESH_MS));
    window.deskHost = () => state.host;  // for tests of the protocol
  }

  function ticketInPath() {
    const match = /^\/agent\/tickets\/(\d+)$/.exec(location.pathname);
    return match ? Number(match[1]) : null;
  }

  start();
})();
