/* The host's half of a card: opens its frame, answers what it asks, tells it of other contexts.
   A card that never calls initialize stays hidden, as in the helpdesk. */
(function () {
  'use strict';

  const { el } = window.deskParts;

  /* `act` gives the host what it can't know: context(), config(), request(), command(), say(). */
  class CardHost {
    constructor(card, act) {
      Object.assign(this, { card, act });
      this.id = crypto.randomUUID();
      this.log = [];
      this.errors = [];
      this.sizes = [];
      this.modals = new Map();
      this.isInitialized = false;
      this.onMessage = (event) => this.receive(event);
      window.addEventListener('message', this.onMessage);
      this.build();
    }

    build() {
      this.url = this.address(this.card.src, this.id);
      this.frame = el('iframe', { title: this.card.title, src: this.url.href, hidden: true,
        allow: 'clipboard-write', sandbox: 'allow-forms allow-popups allow-popups-to-escape-sandbox '
          + 'allow-same-origin allow-scripts allow-downloads' });
      this.status = el('p', { class: 'card-status', role: 'status', hidden: true });
      this.waiting = el('p', { class: 'app-none' }, 'This card has not started.');
      this.fold = el('button', { class: 'icon', 'aria-expanded': 'true', 'aria-label': `Fold ${this.card.title}`,
        title: 'Fold', onclick: () => this.setOpen(this.body.hidden) }, '▾');
      this.body = el('div', { class: 'app-slot' }, this.status, this.waiting, this.frame);
      this.node = el('section', { class: 'card', 'aria-label': this.card.title },
        el('div', { class: 'app-head' }, el('span', { class: 'app-mark', 'aria-hidden': 'true' }),
          el('strong', {}, this.card.title), this.fold), this.body);
      this.setOpen(this.card.state !== 'closed');
    }

    address(source, id) {
      const url = new URL(source);
      url.searchParams.set('parentUrl', location.origin);
      url.searchParams.set('id', id);
      return url;
    }

    destroy() {
      window.removeEventListener('message', this.onMessage);
      for (const modal of this.modals.values()) { modal.dialog.remove(); }
      this.node.remove();
    }

    setOpen(isOpen) {
      this.body.hidden = !isOpen;
      this.fold.setAttribute('aria-expanded', String(isOpen));
    }

    post(frame, id, message) {
      if (frame.contentWindow) { frame.contentWindow.postMessage({ card: id, ...message }, new URL(frame.src).origin); }
    }

    push(name, data) { if (this.isInitialized) { this.post(this.frame, this.id, { push: name, data }); } }

    receive(event) {
      const message = event.data;
      if (!message || typeof message !== 'object') { return; }
      const own = message.card === this.id && event.source === this.frame.contentWindow
        && event.origin === this.url.origin;
      if (own) { this.log.push(message.what || message.tell); }
      if (own && message.tell) { this.told(message.tell, message.data); return; }
      if (own && message.ask) { this.asked(this.frame, this.id, message); return; }
      for (const modal of this.modals.values()) {
        if (message.card === modal.cardId && event.source === modal.frame.contentWindow && message.ask) {
          this.asked(modal.frame, modal.cardId, message, modal);
        }
      }
    }

    async asked(frame, id, message, modal) {
      let answer;
      try {
        answer = { data: await this.answerTo(message.what, message.args || {}, modal) };
      } catch (error) {
        answer = { error: error.body || { message: error.message } };
      }
      this.post(frame, id, { answer: message.ask, ...answer });
      if (message.what === 'initialize' && modal) {
        this.post(frame, id, { push: 'modal_initialize', data: { id: modal.id, additionalData: modal.additionalData } });
      }
    }

    async answerTo(what, args, modal) {
      if (what === 'initialize') {
        if (!modal) {
          this.isInitialized = true;
          this.waiting.hidden = true;
          this.frame.hidden = false;
        }
        return { context: this.act.context(), config: this.act.config() };
      }
      if (what === 'request') { return this.act.request(args); }
      if (what === 'command') { return this.act.command(args); }
      if (what === 'modal.init') { return this.addModal(args); }
      throw new Error(`unknown call ${what}`);
    }

    told(what, data) {
      if (what === 'resize') {
        this.sizes.push(data);
        this.frame.style.height = data.height;
        if (data.width) { this.frame.style.width = data.width; }
      } else if (what === 'open' || what === 'close') {
        this.setOpen(what === 'open');
      } else if (what === 'status') {
        this.status.textContent = data.text || '';
        this.status.dataset.level = data.level || 'info';
        this.status.hidden = !data.text;
      } else if (what === 'openCustomerEvent') {
        this.act.openEvent(data.eventId);
      } else if (what === 'modal.show') {
        const modal = this.modals.get(data);
        if (modal) { modal.dialog.showModal(); this.post(modal.frame, modal.cardId, { push: 'modal_show' }); }
      } else if (what === 'modal.destroy') {
        const modal = this.modals.get(data);
        if (modal) { modal.dialog.remove(); this.modals.delete(data); }
      } else if (what === 'error') {
        this.errors.push(data);
        this.act.say(data);
      }
    }

    addModal(args) {
      const cardId = crypto.randomUUID();
      const url = this.address(new URL(args.url, this.url).href, cardId);
      const frame = el('iframe', { title: args.title || this.card.title, src: url.href });
      const dialog = el('dialog', { class: 'card-modal' }, el('h2', {}, args.title || ''), frame,
        el('div', { class: 'dialog-foot' }, el('button', { onclick: () => dialog.close() }, 'Close')));
      if (args.height) { frame.style.height = typeof args.height === 'number' ? `${args.height}px` : args.height; }
      dialog.addEventListener('close', () => {
        for (const name of ['modal_hide', 'modal_close']) { this.post(frame, cardId, { push: name }); }
      });
      document.body.append(dialog);
      this.modals.set(args.id, { id: args.id, cardId, frame, dialog, additionalData: args.additionalData });
      return { id: args.id };
    }
  }

  window.CardHost = CardHost;
})();
