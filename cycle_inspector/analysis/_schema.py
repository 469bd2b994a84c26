"""Which fields lead from model to model, as a cycle keeps it for the tables of its loops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cycle_inspector.analysis._select import Column
from cycle_inspector.records import Cycle, Stage

TO_ONE = ("to_one", "reverse_one")
TO_MANY = ("to_many", "many_to_many", "generic_many")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A field that leads from `model` to another, and the column by which it is read."""

    model: str  # label of the one that has the field, as in `shop.Book`
    name: str  # as it is written on an instance
    kind: str
    to: str | None = None  # label; None where it may be any
    column: Column | None = None  # by whose value its objects are found
    own: str | None = None  # the column that holds the value, of a foreign key
    nullable: bool = False

    @property
    def label(self) -> str:
        """Return its name with its model's, as in `shop.Book.author`."""
        return f"{self.model}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model, and what leads away from it."""

    label: str
    table: str
    pk: str  # its column
    objects: str | None  # the default manager
    names: Mapping[str, str]  # of its plain fields, by their columns
    relations: Mapping[str, Relation]

    @property
    def name(self) -> str:
        """Return its class's name."""
        return self.label.rpartition(".")[2]


class Schema:
    """The models of a cycle's loops, by label and by table."""

    def __init__(self, given: Iterable[Mapping[str, Any]]) -> None:
        self.models: dict[str, Model] = {}
        self._by_table: dict[str, list[Model]] = {}
        self._by_column: dict[Column, list[Relation]] = {}
        for one in given:
            model = _model(one)
            self.models[model.label] = model
            self._by_table.setdefault(model.table, []).append(model)
            # A proxy has the fields of its model; the model itself comes first.
            for relation in () if one.get("proxy") else model.relations.values():
                if relation.kind in TO_MANY and relation.column is not None:
                    self._by_column.setdefault(relation.column, []).append(relation)

    def at(self, table: str) -> Model | None:
        """Return the model kept in `table`, the first of them."""
        return next(iter(self._by_table.get(table, ())), None)

    def names_at(self, table: str) -> frozenset[str]:
        """Return the classes' names of all models kept in `table`."""
        return frozenset(model.name for model in self._by_table.get(table, ()))

    def read_by(self, column: Column) -> list[Relation]:
        """Return the to-many relations whose objects are found by the value of `column`."""
        return self._by_column.get(column, [])

    def relation(self, label: str | None) -> Relation | None:
        """Return the relation called so, as in `shop.Book.author`."""
        owner, _, name = (label or "").rpartition(".")
        model = self.models.get(owner)
        return None if model is None else model.relations.get(name)

    def accessors_to(self, table: str) -> frozenset[str]:
        """Return the names of related managers that give objects kept in `table`."""
        labels = {model.label for model in self._by_table.get(table, ())}
        return frozenset(
            relation.name
            for model in self.models.values()
            for relation in model.relations.values()
            if relation.kind in TO_MANY and relation.to in labels
        )


def schema_of(cycle: Cycle) -> Schema:
    """Return what `cycle` keeps of its models."""
    given = cycle.stage(Stage.MODELS).facts.get("schema")
    return Schema(one for one in given or () if isinstance(one, Mapping))


def _model(given: Mapping[str, Any]) -> Model:
    label = str(given.get("model"))
    objects = given.get("objects")
    return Model(
        label=label,
        table=str(given.get("table")),
        pk=str(given.get("pk")),
        objects=None if objects is None else str(objects),
        names={str(column): str(name) for column, name in given.get("columns") or ()},
        relations={str(one["name"]): _relation(label, one) for one in given.get("relations") or ()},
    )


def _relation(label: str, given: Mapping[str, Any]) -> Relation:
    table, column = given.get("table"), given.get("column")
    return Relation(
        model=label,
        name=str(given["name"]),
        kind=str(given.get("kind")),
        to=given.get("to"),
        column=None if table is None or column is None else (str(table), str(column)),
        own=given.get("own"),
        nullable=bool(given.get("nullable")),
    )
