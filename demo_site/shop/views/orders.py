"""A form, and the redirect after it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from demo_site.shop.forms import OrderForm
from demo_site.shop.models import Order


def order(request: HttpRequest) -> HttpResponse:
    """Show the order form; once it is filled in as it should be, place the order and redirect."""
    form = OrderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        placed = form.place()
        messages.success(request, "Your order is on its way.")
        return redirect("shop:thanks", pk=placed.pk)
    return render(request, "shop/order.html", {"form": form})


def thanks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the order that was placed; loading this page again does not order again."""
    placed = get_object_or_404(Order, pk=pk)
    lines = placed.lines.select_related("book")
    return render(request, "shop/thanks.html", {"order": placed, "lines": lines})
