// The helpdesk around us: one of several, chosen by the page. Each offers the same functions.

import { carrierBy } from './carried.js';
import * as kustomer from './kustomer.js';
import * as zendesk from './zendesk.js';

const kinds = { kustomer, zendesk };
let around = zendesk;
let carried = null;

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

/** Whether this helpdesk's frame can open another ticket. */
export const canOpenTickets = () => Boolean(around.openTicket);

/** How a call gets to Makegood where the helpdesk carries it; null where the page itself may. */
export const carrier = () => carried ?? around.carry ?? null;

/** In a page that a card opened: every call goes by the card. */
export function carryBy(port, card) { carried = carrierBy(port, card); }
