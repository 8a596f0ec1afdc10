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

  window.deskParts = { el, ago, initials, toast, firstScheme, setScheme, neighbourLinks };
})();
