/* What the desks and stores have now, looked at every two seconds. */
(function () {
  'use strict';

  const $ = (id) => document.getElementById(id);
  const { el, firstScheme, setScheme, neighbourLinks } = window.deskParts;
  const REFRESH_MS = 2000;
  const seen = new Map();
  let isFirst = true;

  const money = (amount, currency) => new Intl.NumberFormat(undefined, { style: 'currency', currency })
    .format(Number(amount));

  function desk(one) {
    return el('article', { class: 'box' }, el('h2', {}, one.name),
      el('dl', { class: 'figures' },
        el('div', {}, el('dt', {}, 'Tickets'), el('dd', {}, one.tickets)),
        el('div', {}, el('dt', {}, 'Notes of Makegood'), el('dd', {}, one.notes))),
      el('a', { class: 'primary', href: one.url }, `Open ${one.name}`));
  }

  function row(store, order) {
    const key = `${store.kind} ${order.name}`;
    const fresh = !isFirst && order.refunds.length > (seen.get(key) || 0);
    seen.set(key, order.refunds.length);
    const share = Number(order.received) ? Math.min(1, Number(order.paid_back) / Number(order.received)) : 0;
    return el('tr', { class: fresh ? 'arrived' : null },
      el('td', {}, order.name),
      el('td', { class: 'money' }, money(order.received, order.currency)),
      el('td', { class: 'money' }, Number(order.paid_back) ? money(order.paid_back, order.currency) : '–',
        el('span', { class: 'bar', role: 'img', 'aria-label': `${Math.round(share * 100)} % went back` },
          el('i', { style: `width:${share * 100}%` }))),
      el('td', {}, ...order.refunds.map((refund) => el('span', { class: 'by' },
        `${refund.amount} by ${refund.by_makegood ? 'Makegood' : 'the shop'}`
        + (refund.amount === refund.paid ? '' : ', still on its way')))));
  }

  function store(one, onlyRefunded) {
    // Where something happened is what people look for.
    const orders = one.orders.filter((order) => !onlyRefunded || order.refunds.length)
      .sort((left, right) => Boolean(right.refunds.length) - Boolean(left.refunds.length));
    const ours = one.orders.flatMap((order) => order.refunds).filter((refund) => refund.by_makegood);
    return el('article', { class: 'box' }, el('h2', {}, one.name),
      el('dl', { class: 'figures' },
        el('div', {}, el('dt', {}, 'Orders'), el('dd', {}, one.orders.length)),
        el('div', {}, el('dt', {}, 'Refunds by Makegood'), el('dd', {}, ours.length))),
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Orders of ${one.name}` },
        el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, 'Order'), el('th', { class: 'money' }, 'Paid'),
          el('th', { class: 'money' }, 'Went back'), el('th', {}, 'Refunds'))),
        el('tbody', {}, ...orders.map((order) => row(one, order))))));
  }

  async function look() {
    try {
      const found = await (await fetch('/look')).json();
      document.body.classList.remove('offline');
      $('neighbours').replaceChildren(...neighbourLinks(found.neighbours));
      $('desks').replaceChildren(...found.desks.map(desk));
      const scrolled = [...document.querySelectorAll('.scroll')].map((one) => one.scrollTop);
      $('stores').replaceChildren(...found.stores.map((one) => store(one, $('refunded').checked)));
      document.querySelectorAll('.scroll').forEach((one, index) => { one.scrollTop = scrolled[index] || 0; });
      isFirst = false;
    } catch {
      document.body.classList.add('offline');
    }
  }

  setScheme(firstScheme());
  $('scheme').addEventListener('click', () => setScheme(
    document.documentElement.dataset.scheme === 'dark' ? 'light' : 'dark'));
  $('refunded').addEventListener('change', look);
  const tick = () => look().finally(() => setTimeout(tick, REFRESH_MS));
  tick();
})();
