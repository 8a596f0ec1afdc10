// The helpdesk around us: one of several, chosen by the page. Each offers the same functions.

import * as kustomer from './kustomer.js';
import * as zendesk from './zendesk.js';

const kinds = { kustomer, zendesk };
let around = zendesk;

/** Connect to the helpdesk that the page names. Answers what is known: `ticketId` (null: none is
 * open) and `locale`, or `missing`: "no_sdk", "no_helpdesk" or "no_ticket". */
export function connect(boot) {
  around = kinds[boot.helpdesk] ?? zendesk;
  return around.connect(boot);
}

export const on = (event, handler) => around.on(event, handler);
export const resize = () => around.resize();
export const mirror = (form) => around.mirror(form);

/** Open another ticket; only where `can` says so. */
export const openTicket = (id) => around.openTicket(id);

/** What this helpdesk's frame allows: another ticket, and a page of our own in another window. */
export const can = () => ({ openTicket: Boolean(around.openTicket), ownPage: !around.carry });

/** How a call gets to Makegood where the helpdesk carries it; null where the page itself may. */
export const carrier = () => around.carry ?? null;
