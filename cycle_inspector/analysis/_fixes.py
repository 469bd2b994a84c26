"""What mends a loop, in words and as calls, by the kind of what it loads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cycle_inspector.analysis._chains import Queryset
from cycle_inspector.analysis._edits import Needs
from cycle_inspector.analysis._loops import Loop, is_to_many
from cycle_inspector.analysis._origins import Place
from cycle_inspector.analysis._schema import TO_MANY, Model, Relation, Schema
from cycle_inspector.analysis._select import AGGREGATE, COUNT, EXISTS, ROWS


def path_of(relations: Iterable[Relation]) -> str:
    """Return the way along `relations` as a query writes it."""
    return "__".join(relation.name for relation in relations)


def needs_of(loop: Loop, *, is_whole: bool) -> Needs:
    """Return what the rows of the loop's origin have to bring along; nothing if no call does it.

    `is_whole`: the loop is known to ask for all of a relation, as it is.
    """
    relation = loop.relation
    if relation is None or loop.is_past_prefetch:
        return Needs()
    name = path_of(loop.path)
    if relation.kind == "column":
        return Needs() if len(loop.path) > 1 else Needs(columns=(name,))
    if any(one.kind == "generic" for one in loop.path[:-1]):
        return Needs()  # not every object that it leads to has the field
    if relation.kind in TO_MANY and not (is_whole and is_plain(loop)):
        return Needs()
    if is_to_many(loop.path):
        return Needs(prefetch=(name,))
    is_nullable = any(one.nullable or one.kind == "reverse_one" for one in loop.path)
    return Needs(select=(name,), is_nullable=is_nullable)


def together(needs: Iterable[Needs]) -> Needs:
    """Return what all of `needs` ask for, each thing once."""
    needs = list(needs)
    return Needs(
        select=_longest(name for one in needs for name in one.select),
        prefetch=_longest(name for one in needs for name in one.prefetch),
        columns=tuple(dict.fromkeys(name for one in needs for name in one.columns)),
        is_nullable=any(one.is_nullable for one in needs),
    )


def is_plain(loop: Loop) -> bool:
    """Whether the loop reads the objects of a to-many relation, all of them and nothing else."""
    select, relation = loop.select, loop.relation
    if select is None or relation is None or select.kind != ROWS:
        return False
    least = 2 if relation.kind == "generic_many" else 1
    return len(select.equals) == least and not (select.is_narrowed or select.is_limited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Says what to do about loops, by what is known of their cycle."""

    schema: Schema
    fetch_modes: bool  # whether this Django has them

    def of(self, loop: Loop, place: Place | None, *, is_raw: bool) -> str:
        """Return what to do about `loop`, whose rows come from the queryset at `place`."""
        relation = loop.relation
        if relation is None:
            return self._without_relation(loop, is_raw=is_raw)
        where = "the queryset that the rows come from" if place is None else place.words
        name = path_of(loop.path)
        if relation.kind in TO_MANY:
            return self._to_many(loop, relation, where)
        peers = self._peers(loop, None if place is None else place.queryset)
        if relation.kind == "column":
            return (
                f'The column is deferred: take "{relation.name}" out of .defer(), or into .only(), '
                f"of {where}.{peers}"
            )
        call = "prefetch_related" if is_to_many(loop.path) else "select_related"
        return f'Add .{call}("{name}") to {where}.{peers}'

    def _to_many(self, loop: Loop, relation: Relation, where: str) -> str:
        select, name, short = loop.select, path_of(loop.path), relation.name
        kind = ROWS if select is None else select.kind
        annotation = {
            COUNT: f'{short}_count=Count("{name}", distinct=True)',
            EXISTS: f"has_{short}=Exists({self._filtered(relation)})",
            AGGREGATE: self._aggregate(loop, relation),
        }.get(kind)
        past = f'"{name}" is prefetched, but this asks anew. ' if loop.is_past_prefetch else ""
        if annotation is not None:
            value = annotation.partition("=")[0]
            return f"{past}Add .annotate({annotation}) to {where}, and read {value} of each row."
        if is_plain(loop) and not past:
            return f'Add .prefetch_related("{name}") to {where}, and read it by .{short}.all().'
        if past:
            past += f"Choose among .{short}.all() in Python, or prefetch just what is needed: "
        rest = "[:1]" if select is not None and select.is_limited else ""
        queryset = f"{self._model(relation)}.objects.filter(...){rest}"
        return (
            f'{past}{"add" if past else "Add"} .prefetch_related(Prefetch("{name}", '
            f'queryset={queryset}, to_attr="chosen_{short}")) to {where}, and read chosen_{short}.'
        )

    def _filtered(self, relation: Relation) -> str:
        """Return the queryset of the objects that hang on an outer row."""
        target, column = self.schema.models.get(relation.to or ""), relation.column
        back = []
        if target is not None and column is not None:
            is_many = relation.kind == "many_to_many"
            for one in target.relations.values():
                is_key = (target.table, one.own) == column
                if is_key or (is_many and one.column is not None and one.column[0] == column[0]):
                    back.append(one.name)
        field = back[0] if len(back) == 1 else "..."
        return f'{self._model(relation)}.objects.filter({field}=OuterRef("pk"))'

    def _aggregate(self, loop: Loop, relation: Relation) -> str:
        select = loop.select
        function = "Sum" if select is None else select.function.capitalize()
        column = None if select is None else select.argument
        model = None if column is None else self.schema.at(column[0])
        field = "..." if column is None or model is None else self.field_of(model, column[1])
        path = f"{path_of(loop.path)}__{field}"
        return f'{relation.name}_{function.lower()}={function}("{path}")'

    def _without_relation(self, loop: Loop, *, is_raw: bool) -> str:
        select = loop.select
        if is_raw:
            return "Ask once, before the loop: one statement with WHERE ... IN (...), or a JOIN."
        model = None if select is None else self.schema.at(select.table)
        if select is None or model is None or not select.equals:
            return (
                "Load what the loop needs in one query before it: prefetch_related() for related "
                "rows, annotate() for counts, in_bulk() or filter(pk__in=...) for single objects."
            )
        column = select.equals[0][1]
        objects, name = f"{model.name}.objects", self.field_of(model, column)
        if select.kind in (COUNT, EXISTS, AGGREGATE):
            return (
                f'Ask once for all, before the loop: {objects}.values("{name}").annotate(...) with '
                "Count or Sum; or annotate() the rows it goes over, with Exists and OuterRef."
            )
        if column == model.pk:
            return (
                f"Load them before the loop, by one query: {objects}.in_bulk(keys) gives a dict by "
                "key, .filter(pk__in=keys) a queryset."
            )
        return (
            f"Load them before the loop, by one query: {objects}.filter({name}__in=[...]), and "
            "keep them in a dict."
        )

    def field_of(self, model: Model, column: str) -> str:
        """Return the field that is kept in a column."""
        owned = (one.name for one in model.relations.values() if one.own == column)
        return model.names.get(column) or next(owned, column)

    def _model(self, relation: Relation) -> str:
        return (relation.to or "Model").rpartition(".")[2]

    def _peers(self, loop: Loop, queryset: Queryset | None) -> str:
        """Return what a fetch mode does about it, where it does something.

        It knows the rows that were fetched together, of which iterator() has none. Before Django
        6.1.2 it forgets rows that select_related() joined.
        """
        if not self.fetch_modes or queryset is None or len(loop.path) > 1:
            return ""
        if queryset.calls("iterator", "aiterator", "select_related", "fetch_mode"):
            return ""
        return (
            " Or .fetch_mode(models.FETCH_PEERS), which loads it for all rows at once; in tests, "
            "FETCH_RAISE keeps it from coming back."
        )


def _longest(names: Iterable[str]) -> tuple[str, ...]:
    """Leave out what another name leads through."""
    found = list(dict.fromkeys(names))
    return tuple(name for name in found if not any(one.startswith(f"{name}__") for one in found))
