from __future__ import annotations

import asyncio
import logging

import pytest
from django.test import RequestFactory

from cycle_inspector.panel import access


class OnlyIn:
    """As `INTERNAL_IPS` may be: it knows `in`, and nothing else."""

    def __contains__(self, address):
        return address == "10.1.2.3"


@pytest.fixture
def request_from(settings):
    settings.DEBUG = True
    return lambda address: RequestFactory().get("/", REMOTE_ADDR=address)


@pytest.fixture(autouse=True)
def _no_container(monkeypatch):
    monkeypatch.setattr(access, "_CONTAINER_MARKS", ())
    access._container_gateway.cache_clear()
    yield
    access._container_gateway.cache_clear()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_look(request_from, address):
    assert access.may_show(request_from(address))


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.9", "2001:db8::1", "", "unix:", "::"])
def test_others_may_not(request_from, address):
    assert not access.may_show(request_from(address))


def test_nobody_may_look_without_debug(request_from, settings):
    request = request_from("127.0.0.1")
    settings.DEBUG = False
    assert not access.may_show(request)


def test_internal_ips_are_only_asked_with_in(request_from, settings):
    settings.INTERNAL_IPS = OnlyIn()
    assert access.may_show(request_from("10.1.2.3"))
    assert not access.may_show(request_from("10.1.2.4"))


def test_the_gateway_of_a_container_may_look(request_from, monkeypatch, tmp_path):
    mark, routes = tmp_path / "dockerenv", tmp_path / "route"
    mark.touch()
    routes.write_text(
        "Iface\tDestination\tGateway\tFlags\neth0\t000011AC\t00000000\t0001\n"
        "eth0\t00000000\t010011AC\t0003\n"
    )
    monkeypatch.setattr(access, "_CONTAINER_MARKS", (mark,))
    monkeypatch.setattr(access, "_ROUTES", routes)
    assert access.may_show(request_from("172.17.0.1"))
    assert not access.may_show(request_from("172.17.0.2"))


def test_outside_of_a_container_a_gateway_is_a_stranger(request_from, monkeypatch, tmp_path):
    routes = tmp_path / "route"
    routes.write_text("Iface\tDestination\tGateway\neth0\t00000000\t010011AC\t0003\n")
    monkeypatch.setattr(access, "_ROUTES", routes)
    assert not access.may_show(request_from("172.17.0.1"))


def test_a_container_without_routes_has_no_gateway(request_from, monkeypatch, tmp_path):
    mark = tmp_path / "dockerenv"
    mark.touch()
    monkeypatch.setattr(access, "_CONTAINER_MARKS", (mark,))
    monkeypatch.setattr(access, "_ROUTES", tmp_path / "none")
    assert not access.may_show(request_from("172.17.0.1"))


def by_header(request):
    return request.headers.get("X-Staff") == "yes"


async def by_header_async(request):
    await asyncio.sleep(0)
    return by_header(request)


def failing(request):
    raise RuntimeError("no such table")


@pytest.mark.parametrize(
    "chosen", [by_header, by_header_async, "tests.panel.test_access.by_header"]
)
def test_the_project_decides(rf, settings, chosen):
    settings.CYCLE_INSPECTOR = {"SHOW_PANEL": chosen}
    staff, other = rf.get("/", HTTP_X_STAFF="yes"), rf.get("/")
    assert access.may_show(staff) is True
    assert access.may_show(other) is False

    async def ask(request):
        return await access.amay_show(request)

    assert asyncio.run(ask(staff)) is True
    assert asyncio.run(ask(other)) is False


@pytest.mark.parametrize("chosen", [failing, "no.such.function"])
def test_a_function_that_fails_says_no_and_is_logged_once(rf, settings, caplog, chosen):
    settings.CYCLE_INSPECTOR = {"SHOW_PANEL": chosen}
    access._said.clear()
    with caplog.at_level(logging.ERROR, logger="cycle_inspector"):
        assert access.may_show(rf.get("/")) is False
        assert access.may_show(rf.get("/")) is False
        assert asyncio.run(access.amay_show(rf.get("/"))) is False
    assert len(caplog.records) == 1
    access._said.clear()


def test_the_default_answers_under_asgi(request_from):
    assert asyncio.run(access.amay_show(request_from("127.0.0.1"))) is True
    assert asyncio.run(access.amay_show(request_from("8.8.8.8"))) is False


def test_a_failure_whose_text_fails_counts_as_no(
    settings, caplog: pytest.LogCaptureFixture
) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    def fail(request):
        raise Mute

    settings.CYCLE_INSPECTOR = {"SHOW_PANEL": fail}
    access._said.clear()

    assert access.may_show(RequestFactory().get("/")) is False
    assert access.may_show(RequestFactory().get("/")) is False
    assert len(caplog.records) == 1
