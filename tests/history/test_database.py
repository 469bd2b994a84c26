"""The history's own database: made by itself, met by nobody else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.signals import request_finished
from django.db import (
    DatabaseError,
    connections,
    router,
    transaction,
)
from django.db.utils import ConnectionHandler

from cycle_inspector.conf import ALIAS
from cycle_inspector.history import database, reader, trouble, writer
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.models import Cycle
from tests.factories import make_cycle
from tests.history import processes
from tests.history.processes import make_id
from tests.history.steps import keep


def test_another_history_path_takes_effect(history: Path, settings: Any, tmp_path: Path) -> None:
    keep(1)
    settings.CYCLE_INSPECTOR = {"HISTORY_PATH": tmp_path / "other.sqlite3"}
    assert Cycle.objects.count() == 0
    settings.CYCLE_INSPECTOR = {"HISTORY_PATH": history}
    assert Cycle.objects.count() == 1


def test_history_lies_under_base_dir_by_default(
    history: Path, settings: Any, tmp_path: Path
) -> None:
    del settings.CYCLE_INSPECTOR
    settings.BASE_DIR = tmp_path
    Cycle.objects.count()
    assert (tmp_path / ".cycle_inspector" / "history.sqlite3").exists()


def test_connection_is_closed_as_the_request_ends(history: Path) -> None:
    keep(1)
    connection = database.connection()
    assert connection.connection is not None
    request_finished.send(sender=None)
    assert connection.connection is None
    assert Cycle.objects.count() == 1


def test_connection_in_a_transaction_outlives_a_request(history: Path) -> None:
    with transaction.atomic(using=ALIAS):
        keep(1)
        request_finished.send(sender=None)
        keep(2)
    assert Cycle.objects.count() == 2


def test_end_of_a_request_that_met_no_history_makes_none(history: Path) -> None:
    database.close()
    request_finished.send(sender=None)
    assert not history.exists()


def test_thread_that_ends_leaves_no_open_connection(history: Path) -> None:
    script = """
        import gc, threading
        thread = threading.Thread(target=Cycle.objects.count)
        thread.start()
        thread.join()
        del thread
        gc.collect()
        Cycle.objects.count()
    """
    processes.run(script, history)  # with warnings as errors


def test_connection_is_not_shared_with_a_forked_child(history: Path) -> None:
    script = """
        import warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        from django.db import transaction
        put(1)
        assert writer.flush(30)
        database.connection()
        with transaction.atomic(using="cycle_inspector"):
            # Inside a transaction it cannot be closed before the fork.
            Cycle.objects.count()
            inherited = database.connection().connection
            if (child := os.fork()) == 0:
                assert database.connection().connection is not inherited
                assert Cycle.objects.count() == 1
                sys.exit()
            assert os.waitpid(child, 0)[1] == 0
            assert database.connection().connection is inherited
        put(2)
        assert writer.flush(30)
        print(Cycle.objects.count())
    """
    assert processes.run(script, history) == "2\n"


def test_debug_keeps_no_statements_of_the_history(
    history: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    with caplog.at_level("DEBUG", "django.db.backends"), transaction.atomic(using=ALIAS):
        keep(1)
    assert list(database.connection().queries_log) == []
    assert [one for one in caplog.records if one.name == "django.db.backends"] == []


def test_models_of_the_app_lead_to_the_history(history: Path) -> None:
    assert router.db_for_read(Cycle) == ALIAS
    assert router.db_for_write(Cycle) == ALIAS
    assert Cycle.objects.all().db == ALIAS


def test_other_models_do_not_lead_to_the_history() -> None:
    assert router.db_for_read(User) == "default"
    assert router.db_for_write(User) == "default"


def test_relations_never_lead_out_of_the_history() -> None:
    assert router.allow_relation(Cycle(), Cycle())
    assert not router.allow_relation(Cycle(), User())
    assert router.allow_relation(User(), User())


def test_tables_belong_to_the_history_and_only_they() -> None:
    assert router.allow_migrate(ALIAS, "cycle_inspector")
    assert not router.allow_migrate("default", "cycle_inspector")
    assert not router.allow_migrate(ALIAS, "auth")
    assert router.allow_migrate("default", "auth")


class Elsewhere:
    """A router of the project's that claims everything."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        return "replica"

    def allow_migrate(self, *_: Any, **__: Any) -> bool:
        return True


def test_router_stays_when_the_routers_are_overridden(history: Path, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Elsewhere()]
    assert (router.db_for_read(Cycle), router.db_for_read(User)) == (ALIAS, "replica")
    assert not router.allow_migrate("default", "cycle_inspector")
    settings.DATABASE_ROUTERS = []
    assert (router.db_for_read(Cycle), router.db_for_read(User)) == (ALIAS, "default")


def test_router_is_installed_once() -> None:
    database.install_router()
    database.install_router()
    assert [type(one) for one in router.routers].count(database.Router) == 1


def test_embedded_history_is_not_listed(history: Path) -> None:
    keep(1)
    assert list(connections) == ["default"]
    assert ALIAS not in {one.alias for one in connections.all()}
    assert not trouble.is_configured()


@pytest.mark.django_db
def test_migrate_makes_no_table_of_ours_in_default_but_permissions() -> None:
    tables = connections["default"].introspection.table_names()
    assert "auth_user" in tables
    assert not [name for name in tables if name.startswith("cycle_inspector")]
    ours = Permission.objects.filter(content_type__app_label="cycle_inspector")
    assert set(ours.values_list("codename", flat=True)) == {"view_cycle", "delete_cycle"}


@pytest.mark.django_db
def test_migrations_are_up_to_date() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_dumpdata_does_not_meet_the_history(history: Path, capsys: Any) -> None:
    keep(1)
    call_command("dumpdata", "cycle_inspector")
    assert capsys.readouterr().out.strip() == "[]"


def test_test_cases_of_a_project_do_not_notice_the_history(history: Path) -> None:
    script = """
        import unittest
        from django.contrib.auth.models import User
        from django.test import SimpleTestCase, TestCase
        from django.test.runner import DiscoverRunner

        class Simple(SimpleTestCase):
            def test_history_works(self):
                put(1)
                assert writer.flush(30), writer.problem()
                assert Cycle.objects.filter(id=make_id(1)).exists()

        class WithDatabase(TestCase):
            def test_history_is_apart(self):
                with self.assertNumQueries(1):
                    put(2)
                    assert writer.flush(30), writer.problem()
                    assert Cycle.objects.filter(id=make_id(2)).exists()
                    User.objects.create(username="ada")

        class Runner(DiscoverRunner):
            def build_suite(self, *args, **kwargs):
                load = unittest.defaultTestLoader.loadTestsFromTestCase
                return unittest.TestSuite([load(WithDatabase), load(Simple)])

        sys.stderr = sys.stdout
        assert Runner(verbosity=0).run_tests([]) == 0
        sys.stderr = sys.__stderr__
    """
    processes.run(script, history)
    assert Cycle.objects.count() == 2


@pytest.fixture
def listed(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """List the history in DATABASES, as an ordinary SQLite file without tables."""
    path = tmp_path / "listed.sqlite3"
    given = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
    handler = ConnectionHandler({"default": {}, ALIAS: given})
    monkeypatch.setitem(connections.settings, ALIAS, handler.settings[ALIAS])
    with contextlib.suppress(AttributeError):
        del connections[ALIAS]
    yield path
    writer.stop(5)
    connections[ALIAS].close()
    del connections[ALIAS]


def test_listed_history_without_tables_asks_for_migrate(listed: Path) -> None:
    with pytest.raises(HistoryUnavailable, match=r"run `manage\.py migrate --database cycle_insp"):
        reader.recent(1)


def test_listed_history_is_used_after_migrate(listed: Path, history: Path) -> None:
    call_command("migrate", database=ALIAS, verbosity=0)
    writer.put(lambda: make_cycle(id=make_id(1)))
    assert writer.flush(10), writer.problem()
    assert reader.get(make_id(1)) == make_cycle(id=make_id(1))
    tables = connections[ALIAS].introspection.table_names()
    assert "auth_user" not in tables
    assert not history.exists()


def test_listed_history_is_written_again_after_migrate(listed: Path) -> None:
    writer.put(lambda: make_cycle(id=make_id(1)))
    assert not writer.flush(10)
    assert "migrate --database cycle_inspector" in str(writer.problem())
    call_command("migrate", database=ALIAS, verbosity=0)
    assert writer.flush(10), writer.problem()
    assert [one.id for one in reader.recent(5)] == [make_id(1)]


def test_failure_of_a_listed_history_is_told_as_it_is(listed: Path) -> None:
    assert trouble.explain(DatabaseError("server is gone\nat port 5")) == (
        "The history in DATABASES['cycle_inspector'] cannot be used: server is gone"
    )
