/* Small functions that every desk uses. */
(function () {
  'use strict';

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

  function ago(stamp) {
    const seconds = Math.max(0, (Date.now() - Date.parse(stamp)) / 1000);
    if (seconds < 60) { return 'now'; }
    if (seconds < 3600) { return `${Math.floor(seconds / 60)} min`; }
    if (seconds < 86400) { return `${Math.floor(seconds / 3600)} h`; }
    return new Date(stamp).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  }

  const initials = (name) => name.split(/\s+/).map((part) => part[0] || '').join('').slice(0, 2).toUpperCase();

  function toast(text, kind = 'notice') {
    const node = el('div', { class: `toast ${kind}` }, text);
    document.getElementById('toasts').append(node);
    setTimeout(() => node.remove(), 6000);
  }

  /* The colours that the address asks for, else those chosen before, else the system's. */
  function firstScheme() {
    const asked = new URLSearchParams(location.search).get('scheme');
    let kept = null;
    try { kept = localStorage.getItem('desk-scheme'); } catch { /* private window */ }
    return asked || kept || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  }

  function setScheme(scheme) {
    document.documentElement.dataset.scheme = scheme;
    document.getElementById('scheme').setAttribute('aria-pressed', String(scheme === 'dark'));
    try { localStorage.setItem('desk-scheme', scheme); } catch { /* private window */ }
  }

  /* Links to the other desks of the same demo. */
  function neighbourLinks(neighbours) {
    return neighbours.map((one) => el('a', { href: one.url, 'aria-current': one.current ? 'page' : false }, one.name));
  }

  /* Narrow windows show one part of the desk at a time. */
  function show(view) {
    document.body.dataset.view = view;
    for (const tab of document.querySelectorAll('.tabs button')) {
      tab.setAttribute('aria-current', tab.dataset.show === view ? 'page' : 'false');
    }
  }

  /* The row so many places below the current one in a list; null when it is empty. */
  function rowBeside(list, by) {
    const rows = [...list.querySelectorAll('.row')];
    const now = rows.findIndex((row) => row.getAttribute('aria-current') === 'page');
    return rows[now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + by))] || null;
  }

  /* What is pressed in the same way in every desk: people, colours, dialogs, tabs. */
  function wire(config, paint) {
    const byId = (id) => document.getElementById(id);
    paint(firstScheme());
    byId('neighbours').append(...neighbourLinks(config.neighbours));
    byId('agent').replaceChildren(
      ...config.agents.map((one) => el('option', { value: one.id }, `${one.name} · ${one.role}`)));
    byId('agent').value = String(config.agent.id);
    byId('agent').addEventListener('change', () => {
      const url = new URL(location.href);
      url.searchParams.set('agent', byId('agent').value);
      location.assign(url);
    });
    byId('scheme').addEventListener('click', () => paint(
      document.documentElement.dataset.scheme === 'dark' ? 'light' : 'dark'));
    for (const button of document.querySelectorAll('[data-close]')) {
      button.addEventListener('click', () => button.closest('dialog').close());
    }
    for (const tab of document.querySelectorAll('.tabs button')) {
      tab.addEventListener('click', () => show(tab.dataset.show));
    }
  }

  /* Show the list, then what the address names, and keep both true. */
  function run({ refresh, open, idInPath, everyMs }) {
    const openNamed = async () => {
      const id = idInPath();
      if (id) { await open(id, { push: false }); }
    };
    addEventListener('popstate', openNamed);
    show('list');
    const tick = () => refresh().finally(() => setTimeout(tick, everyMs));
    refresh().then(openNamed).finally(() => setTimeout(tick, everyMs));
  }

  window.deskParts = { el, ago, initials, toast, firstScheme, setScheme, neighbourLinks, show, rowBeside, wire, run };
})();
