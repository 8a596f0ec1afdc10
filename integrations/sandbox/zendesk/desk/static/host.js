/* The host's half of the apps protocol: answers one app's iframe.
   The desk gives it `read`, `write`, `call` and `request`; it knows nothing of the page.
   https://developer.zendesk.com/api-reference/apps/apps-support-api/ticket_sidebar/ */
(function () {
  'use strict';

  const HOOK_SECONDS = 30;

  class AppHost {
    constructor(iframe, { appOrigin, guid, metadata, context, read, write, call, request }) {
      Object.assign(this, { iframe, appOrigin, guid, metadata, context, read, write, call, request });
      this.subscribers = new Map();
      this.hooks = new Map();
      this.registered = false;
      this.log = [];
      this.onMessage = (event) => this.receive(event);
      window.addEventListener('message', this.onMessage);
    }

    destroy() {
      this.emit('app.willDestroy');
      window.removeEventListener('message', this.onMessage);
    }

    post(message, asText = true) {
      const frame = this.iframe.contentWindow;
      if (frame) { frame.postMessage(asText ? JSON.stringify(message) : message, this.appOrigin); }
    }

    receive(event) {
      if (event.source !== this.iframe.contentWindow || event.origin !== this.appOrigin) { return; }
      let data = event.data;
      if (typeof data === 'string') {
        try { data = JSON.parse(data); } catch (notJson) { return; }
      }
      if (!data || data.appGuid !== this.guid) { return; }
      this.log.push(data.key || data.request);
      if (data.request) { this.answer(data); return; }
      const key = String(data.key || '');
      if (key === 'iframe.handshake') { this.register(); return; }
      if (!this.registered) { return; }
      if (key.startsWith('iframe.on:') || key.startsWith('iframe.off:')) {
        const name = key.slice(key.indexOf(':') + 1);
        this.subscribers.set(name, data.message ? data.message.subscriberCount : 0);
      } else if (key.startsWith('iframe.reply:')) {
        this.finishHook(key.slice('iframe.reply:'.length), data.error);
      } else if (key.startsWith('iframe.trigger:')) {
        this.emit(key.slice('iframe.trigger:'.length), data.message);
      } else if (/^request:\d+$/.test(key)) {
        this.forward(key, data.message || {});
      }
    }

    register() {
      this.registered = true;
      this.subscribers.clear();
      this.post({
        key: 'zaf.app.registered',
        message: { metadata: this.metadata, context: this.context }
      });
      setTimeout(() => this.emit('app.activated', { firstLoad: true }), 0);
    }

    async answer(data) {
      const known = { get: 'read', set: 'write', invoke: 'call' }[data.request];
      if (!known || !this.registered) {
        this.post({ id: data.id, error: { name: 'APIError', message: 'Unknown request' } });
        return;
      }
      const result = { errors: {} };
      const entries = data.request === 'get'
        ? data.params.map((path) => [path, undefined]) : Object.entries(data.params);
      for (const [path, value] of entries) {
        try {
          const found = await this[known](path, value);
          result[path] = found === undefined ? null : found;
        } catch (error) {
          result.errors[path] = { name: error.name || 'APIError', message: error.message, path };
        }
      }
      this.post({ id: data.id, result });
    }

    async forward(key, options) {
      try {
        const { ok, body, xhr } = await this.request(options);
        const args = ok ? [body, 'success', xhr] : [xhr];
        this.post({ key: `zaf.${key}.${ok ? 'done' : 'fail'}`, message: { responseArgs: args } });
      } catch (error) {
        const failed = { status: 0, statusText: 'error', responseText: String(error.message) };
        this.post({ key: `zaf.${key}.fail`, message: { responseArgs: [failed] } });
      }
    }

    isListening(name) { return (this.subscribers.get(name) || 0) > 0; }

    /* Sent as an object: the app must take both kinds. */
    emit(name, message) {
      if (this.registered) { this.post({ key: `zaf.${name}`, message }, false); }
    }

    changed(name, value) {
      this.emit(`${name}.changed`, value);
      this.emit('*.changed', { propertyName: name, newValue: value });
    }

    /* Resolves when the app lets the event pass, rejects with its reason when it doesn't. */
    hook(name) {
      if (!this.registered || !this.isListening(name)) { return Promise.resolve(); }
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error('The app did not answer.')), HOOK_SECONDS * 1000);
        this.hooks.set(name, { resolve, reject, timer });
        this.post({ key: `zaf.${name}`, needsReply: true });
      });
    }

    finishHook(name, error) {
      const waiting = this.hooks.get(name);
      if (!waiting) { return; }
      this.hooks.delete(name);
      clearTimeout(waiting.timer);
      if (error) {
        waiting.reject(new Error(typeof error.msg === 'string' ? error.msg : 'The app refused.'));
      } else {
        waiting.resolve();
      }
    }
  }

  window.AppHost = AppHost;
})();
