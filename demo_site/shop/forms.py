"""The order form."""

from __future__ import annotations

from django import forms
from django.db import transaction

from cycle_inspector import event, span
from demo_site.shop.models import Book, Order, OrderLine


class OrderForm(forms.ModelForm):
    """Order some copies of one of the books that lie at the till."""

    book = forms.ModelChoiceField(Book.objects.filter(is_featured=True))
    quantity = forms.IntegerField(min_value=1, max_value=10, initial=1)

    class Meta:
        model = Order
        fields = ("customer", "email")

    @span("place order")
    def place(self) -> Order:
        """Save the order and its line, both or neither."""
        book = self.cleaned_data["book"]
        with transaction.atomic():
            order = self.save()
            OrderLine.objects.create(
                order=order,
                book=book,
                quantity=self.cleaned_data["quantity"],
                price=book.price,
            )
        event("order placed", book=book.title, price=book.price)
        return order
