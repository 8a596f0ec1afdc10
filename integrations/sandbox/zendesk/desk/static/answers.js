/* What the open ticket's app may read, change and invoke, and the requests it may make.
   https://developer.zendesk.com/api-reference/apps/apps-support-api/ticket_sidebar/ */
(function () {
  'use strict';

  window.answersForApps = function (desk) {
    const { $, config, state, SETTABLE_STATUSES, value, fieldValue, edit, kind, pickKind, drawFields,
      toast, open } = desk;

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

    return { read, write, call: invoke, request };
  };
})();
