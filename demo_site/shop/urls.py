"""The pages of the bookshop; `lessons.py` says what each of them shows."""

from __future__ import annotations

from django.urls import path

from demo_site.shop.views import beside, catalogue, delivery, failures, orders

app_name = "shop"

urlpatterns = [
    path("", catalogue.start, name="start"),
    path("books/", catalogue.BookList.as_view(), name="book-list"),
    path("books/one-by-one/", catalogue.one_by_one, name="one-by-one"),
    path("books/<int:pk>/", catalogue.BookDetail.as_view(), name="book-detail"),
    path("authors/", catalogue.authors, name="authors"),
    path("genres/", catalogue.genres, name="genres"),
    path("navigation/", catalogue.navigation, name="navigation"),
    path("price-ranking/", catalogue.price_ranking, name="price-ranking"),
    path("shelves/", catalogue.shelves, name="shelves"),
    path("prices-abroad/", catalogue.prices_abroad, name="prices-abroad"),
    path("orders/new/", orders.order, name="order"),
    path("orders/<int:pk>/thanks/", orders.thanks, name="thanks"),
    path("top-rated/", delivery.top_rated, name="top-rated"),
    path("api/top-rated/", delivery.top_rated_api, name="top-rated-api"),
    path("report/", delivery.report, name="report"),
    path("books.csv", delivery.export, name="export"),
    path("dashboard/", delivery.dashboard, name="dashboard"),
    path("newsletter/", beside.newsletter, name="newsletter"),
    path("till/", beside.till, name="till"),
    path("suppliers/", beside.suppliers, name="suppliers"),
    path("covers/", beside.covers, name="covers"),
    path("search/", beside.search, name="search"),
    path("back-room/", beside.back_room, name="back-room"),
    path("price-list/", delivery.price_list, name="price-list"),
    path("staff-pick/", failures.staff_pick, name="staff-pick"),
    path("gift-cards/", failures.gift_cards, name="gift-cards"),
]
