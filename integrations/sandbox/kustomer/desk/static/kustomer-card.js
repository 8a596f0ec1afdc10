/* A double of the helpdesk's card SDK: the same calls at its border. How the real one talks to its
   host is not published, so what goes over the wire here is the sandbox's own.
   https://developer.kustomer.com/docs/apps/cards-sdk.md */
(function () {
  'use strict';

  var PROMISES = true;
  var MOST_MODALS = 3;
  var query = new URLSearchParams(location.search);
  var parentUrl = query.get('parentUrl');
  var id = query.get('id');
  var parentOrigin = null;
  var waiting = {};
  var asked = 0;
  var handlers = {};
  var isInitialized = false;
  var modals = {};

  try { parentOrigin = new URL(parentUrl).origin; } catch (notAnUrl) { parentOrigin = null; }
  var isFramed = Boolean(parentOrigin && id) && window.parent !== window;
  if (!isFramed) {
    console.warn('Kustomer card: this page runs outside Kustomer (parentUrl or id is missing).');
  }

  function send(message) {
    if (isFramed) { window.parent.postMessage(Object.assign({ card: id }, message), parentOrigin); }
  }

  /* Asks the host; answers by callback and, where there is none, by promise. */
  function ask(what, args, callback) {
    var number = ++asked;
    var promise = new Promise(function (resolve, reject) {
      waiting[number] = function (error, data) {
        if (typeof callback === 'function') { callback(error, data); resolve(data); return; }
        if (error) { reject(error); } else { resolve(data); }
      };
    });
    send({ ask: number, what: what, args: args });
    return PROMISES ? promise : undefined;
  }

  function raise(name, data) {
    (handlers[name] || []).slice().forEach(function (handler) { handler(data); });
  }

  window.addEventListener('message', function (event) {
    if (!isFramed || event.source !== window.parent || event.origin !== parentOrigin) { return; }
    var message = event.data;
    if (!message || message.card !== id) { return; }
    if (message.push) { raise(message.push, message.data); return; }
    var settle = waiting[message.answer];
    if (!settle) { return; }
    delete waiting[message.answer];
    settle(message.error || null, message.data);
  });

  function size(value) {
    if (value === undefined || value === null) { return null; }
    return typeof value === 'number' ? value + 'px' : String(value);
  }

  window.Kustomer = {
    /* initialize(callback), or initialize(options, callback) as old texts have it. */
    initialize: function (first, second) {
      var callback = typeof first === 'function' ? first : second;
      if (isInitialized) {
        send({ tell: 'error', data: 'initialize was called twice' });
        return;
      }
      isInitialized = true;
      ask('initialize', null, function (error, data) {
        if (!error && typeof callback === 'function') { callback(data.context, data.config); }
      });
    },

    on: function (name, handler) {
      if (typeof handler !== 'function') { throw new Error('on needs a function'); }
      (handlers[name] = handlers[name] || []).push(handler);
    },

    request: function (options, callback) {
      if (!options || typeof options.url !== 'string') { throw new Error('request needs a url'); }
      return ask('request', {
        url: options.url, method: options.method || 'GET', body: options.body
      }, callback);
    },

    command: {
      run: function (name, given, callback) {
        if (typeof name !== 'string' || !name) { throw new Error('run needs a command name'); }
        if (typeof given === 'function') { callback = given; given = {}; }
        var parts = given || {};
        return ask('command', {
          name: name, args: parts.args, body: parts.body, headers: parts.headers
        }, callback);
      }
    },

    resize: function (wanted) {
      var root = document.documentElement;
      var given = wanted || {};
      var content = document.body ? document.body.scrollHeight : root.scrollHeight;
      send({ tell: 'resize', data: {
        height: size(given.height) || Math.max(content, 1) + 'px', width: size(given.width)
      } });
    },

    open: function () { send({ tell: 'open' }); },
    close: function () { send({ tell: 'close' }); },
    updateStatus: function (level, text) { send({ tell: 'status', data: { level: level, text: text } }); },
    openCustomerEvent: function (customerId, eventId) {
      send({ tell: 'openCustomerEvent', data: { customerId: customerId, eventId: eventId } });
    },

    modal: {
      init: function (options, callback) {
        if (!options || !options.id || !options.url) { throw new Error('a modal needs id and url'); }
        if (modals[options.id]) { throw new Error('the modal ' + options.id + ' exists already'); }
        if (Object.keys(modals).length >= MOST_MODALS) {
          throw new Error('at most ' + MOST_MODALS + ' modals can be registered');
        }
        modals[options.id] = true;
        ask('modal.init', {
          id: options.id, url: options.url, title: options.title, width: options.width,
          height: options.height, additionalData: options.additionalData
        }, callback);
      },
      show: function (modalId) {
        if (!modals[modalId]) { throw new Error('there is no modal ' + modalId); }
        send({ tell: 'modal.show', data: modalId });
      },
      destroy: function (modalId) {
        delete modals[modalId];
        send({ tell: 'modal.destroy', data: modalId });
      }
    }
  };
})();
