/* A double of the helpdesk's client SDK: same calls, same messages on the wire.
   https://developer.zendesk.com/api-reference/apps/apps-core-api/client_api/ */
(function () {
  'use strict';

  var VERSION = '2.0.0';
  var TIMEOUT_MS = 5 * 60 * 1000;
  var ALLOWED_ORIGIN =
    /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$|^https:\/\/[a-z0-9-]+\.zendesk\.com$/i;
  var promiseCount = 0;
  var requestCount = 0;
  var pending = {};

  function parameters(text) {
    var found = {};
    new URLSearchParams(text).forEach(function (value, name) { found[name] = value; });
    return found;
  }

  function errorFrom(given) {
    var text = given.path ? '"' + given.path + '" ' + given.message : given.message;
    var error = new Error(text);
    error.name = given.name;
    return error;
  }

  /* Waits for every handler; false, a text, an Error or a rejection blocks. */
  function settle(handlers) {
    return Promise.all((handlers || []).slice().map(function (handler) {
      return Promise.resolve().then(handler).then(function (answer) {
        if (answer === false || typeof answer === 'string' || answer instanceof Error) {
          throw answer;
        }
        return answer;
      });
    }));
  }

  function Client(options) {
    var self = this;
    this._parent = options.parent || null;
    this._origin = options.origin;
    this._source = window.parent;
    this._appGuid = options.appGuid;
    this._instanceGuid = options.instanceGuid || options.appGuid;
    this._handlers = {};
    this._replying = {};
    this._instances = {};
    this._queue = [];
    this._metadata = null;
    this._context = null;
    this.ready = Boolean(this._parent && this._parent.ready);
    if (this._parent) { return; }
    window.addEventListener('message', function (event) { self._receive(event); });
    this._post({ key: 'iframe.handshake', message: { version: VERSION } }, true);
    this.on('context.updated', function (context) { self._context = context; });
  }

  Client.prototype = {
    /* Everything but the handshake waits for registration. */
    _post: function (message, atOnce) {
      var root = this._parent || this;
      if (!(message.key && message.key.indexOf('iframe.reply:') === 0)) {
        message.appGuid = this._appGuid;
        message.instanceGuid = this._instanceGuid;
        message = JSON.stringify(message);
      }
      if (root.ready || atOnce) {
        root._source.postMessage(message, root._origin);
      } else {
        root._queue.push(message);
      }
    },

    postMessage: function (name, data) { this._post({ key: name, message: data }); },

    _receive: function (event) {
      if (event.origin !== this._origin || event.source !== this._source || !event.data) { return; }
      var data = event.data;
      if (typeof data === 'string') {
        try { data = JSON.parse(data); } catch (notOurs) { return; }
      }
      var target = this;
      if (data.instanceGuid && data.instanceGuid !== this._instanceGuid) {
        target = this._instances[data.instanceGuid];
        if (!target) { throw new Error('Could not find client for instance ' + data.instanceGuid); }
      }
      if (data.id && pending[data.id]) { this._finish(data); return; }
      if (typeof data.key !== 'string' || data.key.indexOf('zaf.') !== 0) { return; }
      var name = data.key.slice(4);
      if (data.needsReply) { target._reply(name); return; }
      if (name === 'app.registered') { this._register(data.message || {}); }
      (target._handlers[name] || []).slice().forEach(function (handler) { handler(data.message); });
    },

    _register: function (message) {
      var self = this;
      this.ready = true;
      this._metadata = message.metadata;
      this._context = message.context;
      this._queue.splice(0).forEach(function (waiting) {
        self._source.postMessage(waiting, self._origin);
      });
    },

    _finish: function (data) {
      var waiting = pending[data.id];
      delete pending[data.id];
      clearTimeout(waiting.timer);
      if (data.error) {
        waiting.reject(data.error.name ? errorFrom(data.error) : data.error);
      } else {
        waiting.resolve(data.result);
      }
    },

    _reply: function (name) {
      var self = this;
      if (this._replying[name]) { return; }
      this._replying[name] = true;
      var message = { appGuid: this._appGuid, key: 'iframe.reply:' + name };
      settle(this._handlers[name]).catch(function (reason) {
        message.error = { msg: reason instanceof Error ? reason.message : reason };
      }).then(function () {
        delete self._replying[name];
        self._post(message);
      });
    },

    _ask: function (kind, params, singlePath) {
      var self = this;
      var id = ++promiseCount;
      return new Promise(function (resolve, reject) {
        pending[id] = {
          resolve: resolve,
          reject: reject,
          timer: setTimeout(function () {
            delete pending[id];
            reject(new Error('Invocation request timeout'));
          }, TIMEOUT_MS)
        };
        self._post({ id: id, request: kind, params: params });
      }).then(function (result) {
        var failed = singlePath && result && result.errors && result.errors[singlePath];
        if (failed) { throw errorFrom(failed); }
        return result;
      });
    },

    on: function (name, handler, context) {
      if (typeof handler !== 'function') { return; }
      var bound = context ? handler.bind(context) : handler;
      (this._handlers[name] = this._handlers[name] || []).push(bound);
      if (name !== 'app.registered') {
        this.postMessage('iframe.on:' + name, { subscriberCount: this._handlers[name].length });
      }
    },

    off: function (name, handler) {
      var handlers = this._handlers[name];
      if (!handlers) { return false; }
      var index = handlers.indexOf(handler);
      if (index !== -1) { handlers.splice(index, 1); }
      this.postMessage('iframe.off:' + name, { subscriberCount: handlers.length });
      return handler;
    },

    has: function (name, handler) {
      return Boolean(this._handlers[name]) && this._handlers[name].indexOf(handler) !== -1;
    },

    trigger: function (name, data) { this.postMessage('iframe.trigger:' + name, data); },

    get: function (path) {
      var paths = Array.isArray(path) ? path : [path];
      if (arguments.length > 1 || paths.some(function (one) { return typeof one !== 'string'; })) {
        throw new Error('The get method accepts a string or array of strings.');
      }
      return this._ask('get', paths, typeof path === 'string' ? path : null);
    },

    set: function (key, value) {
      var values = key;
      if (typeof key === 'string') {
        if (arguments.length === 1) { throw new Error('The setter requires a value'); }
        values = {};
        values[key] = value;
      }
      if (!values || typeof values !== 'object' || Array.isArray(values)) {
        throw new Error(
          'The set method accepts a key and value pair, or an object of key and value pairs.');
      }
      return this._ask('set', values, typeof key === 'string' ? key : null);
    },

    invoke: function (key) {
      var calls = {};
      var wrong = 'Invoke supports string arguments or an object with array of strings.';
      if (typeof key === 'string') {
        calls[key] = Array.prototype.slice.call(arguments, 1);
      } else if (key && typeof key === 'object') {
        Object.keys(key).forEach(function (name) {
          var args = key[name];
          if (!Array.isArray(args) || args.some(function (one) { return typeof one !== 'string'; })) {
            throw new Error(wrong);
          }
        });
        calls = key;
      } else {
        throw new Error(wrong);
      }
      return this._ask('invoke', calls, typeof key === 'string' ? key : null);
    },

    request: function (options) {
      if (this._parent) { return this._parent.request(options); }
      var self = this;
      var key = 'request:' + (++requestCount);
      return new Promise(function (resolve, reject) {
        function end(settleWith) {
          return function (event) {
            self.off(key + '.done', done);
            self.off(key + '.fail', fail);
            settleWith(event.responseArgs[0]);
          };
        }
        var done = end(resolve);
        var fail = end(reject);
        self.on(key + '.done', done);
        self.on(key + '.fail', fail);
        self.postMessage(key, typeof options === 'string' ? { url: options } : options);
      });
    },

    instance: function (guid) {
      if (!guid || typeof guid !== 'string') {
        throw new Error('The instance method expects an `instanceGuid` string.');
      }
      var root = this._parent || this;
      if (guid === root._instanceGuid) { return root; }
      if (!root._instances[guid]) {
        root._instances[guid] = new Client({
          parent: root, origin: root._origin, appGuid: root._appGuid, instanceGuid: guid
        });
      }
      return root._instances[guid];
    },

    metadata: function () {
      var root = this._parent || this;
      return root._whenRegistered(function () { return root._metadata; });
    },

    context: function () {
      var self = this;
      if (this._parent) {
        var key = 'instances.' + this._instanceGuid;
        return this.get(key).then(function (result) { return result[key]; });
      }
      return this._whenRegistered(function () { return self._context; });
    },

    _whenRegistered: function (read) {
      var self = this;
      if (this.ready) { return Promise.resolve(read()); }
      return new Promise(function (resolve) {
        self.on('app.registered', function () { resolve(read()); });
      });
    }
  };

  window.ZAFClient = {
    /* The client, or false (no exception) when the page's url lost origin or app_guid. */
    init: function (callback) {
      var query = parameters(location.search.slice(1));
      var hash = parameters(location.hash.slice(1));
      var origin = query.origin || hash.origin;
      var appGuid = query.app_guid || hash.app_guid;
      if (!origin || !appGuid) { return false; }
      if (!ALLOWED_ORIGIN.test(origin)) {
        document.body.textContent = '';
        var heading = document.createElement('h2');
        heading.textContent = 'Invalid domain';
        document.body.appendChild(heading);
        return false;
      }
      var client = new Client({ origin: origin, appGuid: appGuid });
      if (typeof callback === 'function') {
        client.on('app.registered', callback.bind(client));
      }
      return client;
    }
  };
})();
