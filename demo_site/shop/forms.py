"""The order form, and those of the search."""

from __future__ import annotations

from django import forms
from django.db import transaction

from cycle_inspector import event, span
from demo_site.shop.models import Book, Genre, Order, OrderLine


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


class SearchForm(forms.Form):
    """Look for books of a genre, up to a price."""

    genre = forms.ModelChoiceField(Genre.objects.all(), to_field_name="slug", required=False)
    up_to = forms.DecimalField(min_value=0, required=False)


class WishForm(forms.Form):
    """A book that a reader would like to have."""

    title = forms.CharField(max_length=120)
    copies = forms.IntegerField(min_value=1, max_value=10)


WishFormSet = forms.formset_factory(WishForm)
