"""The store's own figure for our choice, to be held against ours."""

from __future__ import annotations

from app.domain.money import Money
from app.domain.order import Order, SuggestedLine, Suggestion
from app.domain.plan import PlanLine


def _reduced(line: PlanLine, theirs: SuggestedLine) -> Money:
    """How much less than the store's figure a share below the whole gives for one line."""
    reduction = theirs.subtotal - theirs.subtotal.portion(line.share)
    if not line.is_tax_included:
        reduction = reduction + theirs.tax - theirs.tax.portion(line.share)
    return reduction


def exact_figure(lines: tuple[PlanLine, ...], suggestion: Suggestion) -> Money:
    """The store's figure for exactly our choice, less what our percentages take off."""
    by_id = {line.line_id: line for line in suggestion.lines}
    figure = suggestion.amount
    for line in lines:
        if line.is_reduced and line.line_id in by_id:
            figure = figure - _reduced(line, by_id[line.line_id])
    return figure


def figure_from_parts(order: Order, lines: tuple[PlanLine, ...], shipping: Money) -> Money | None:
    """The store's figure for our choice, taken from the parts of its suggestion for everything.

    None when the parts don't serve: other quantities are chosen, only a part of the shipping, or
    the store's parts don't make up its own total.
    """
    suggestion = order.suggestion
    if suggestion is None or (shipping and shipping != suggestion.shipping):
        return None
    currency = order.currency

    def line_total(line: SuggestedLine) -> Money:
        return line.subtotal if order.prices_include_tax else line.subtotal + line.tax

    by_id = {line.line_id: line for line in suggestion.lines}
    all_tax = Money.zero(currency) if order.prices_include_tax else suggestion.shipping_tax
    everything = Money.total((line_total(line) for line in suggestion.lines), currency)
    duties = Money.total((one.amount for one in suggestion.duties), currency)
    if everything + suggestion.shipping + all_tax + duties != suggestion.amount:
        return None
    figure = Money.zero(currency)
    for line in lines:
        theirs = by_id.get(line.line_id)
        if theirs is None or theirs.quantity != line.quantity:
            return None
        figure = figure + line_total(theirs)
        if line.is_reduced:
            figure = figure - _reduced(line, theirs)
    return figure + suggestion.shipping + all_tax if shipping else figure
