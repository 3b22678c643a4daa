"""What a settings class declares at a path inside it, read from its annotations once.

This works where validation failed too, so that suggestions and references do not depend on a file without faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tundish.config.document import Fields, Node, Scalar
from tundish.config.names import Name, Path
from tundish.config.steps import StepFields
from tundish.faults import Place

T = TypeVar("T")


class Shape:
    """What a value may be: classes, and what stands inside of it by name or by position."""

    def __init__(self, annotation: Any) -> None:
        self._alternatives = _alternatives_of(annotation)
        self.classes = tuple(each for each in self._alternatives if isinstance(each, type))
        self.models = tuple(_models_of(self.classes))

    @cached_property
    def declared(self) -> Mapping[str, FieldInfo]:
        """The fields of its models, by the names that users write."""
        fields: dict[str, FieldInfo] = {}
        for model in self.models:
            for name, field in model.model_fields.items():
                fields.setdefault(field.alias or name, field)
        return fields

    @cached_property
    def _fields(self) -> Mapping[str, Shape]:
        return {name: shape_of(field.annotation) for name, field in self.declared.items()}

    @cached_property
    def _values(self) -> Shape | None:
        return self._argument((dict, Mapping), 1)

    @cached_property
    def _items(self) -> Shape | None:
        return self._argument((list, tuple), 0)

    def _argument(self, origins: tuple[type, ...], position: int) -> Shape | None:
        found = (get_args(each) for each in self._alternatives if get_origin(each) in origins)
        return next((shape_of(arguments[position]) for arguments in found if arguments), None)

    def inside(self, part: str | int) -> Shape | None:
        """One part further in; None where nothing is declared there."""
        if isinstance(part, int):
            return self._items
        return self._fields.get(part) or self._values

    def chosen(self, name: str) -> Shape | None:
        """One alternative of a union, by the name that pydantic gives it."""
        return next((shape_of(model) for model in self.models if model.__name__ == name), None)


@cache
def _shape_of_class(found: type) -> Shape:
    return Shape(found)


def shape_of(annotation: Any) -> Shape:
    """The shape of an annotation; that of a class is made once."""
    return _shape_of_class(annotation) if isinstance(annotation, type) else Shape(annotation)


def typed_in(shape: Shape, node: Node, wanted: type[T], path: Path = ()) -> Iterator[tuple[Path, type[T], Scalar]]:
    """Every scalar below a node where the shape declares a type or one of its subclasses, with its path."""
    if isinstance(node, Scalar):
        for kind in shape.classes:
            if issubclass(kind, wanted):
                yield path, kind, node
    elif isinstance(node, Fields):
        for name, entry in node.entries.items():
            further = shape.inside(name)
            if further is None and shape.models and isinstance(entry.node, Fields):
                # The elements of a list can be written as fields in the place of a model (`of` in models).
                further = shape
            if further is not None:
                yield from typed_in(further, entry.node, wanted, (*path, name))
    elif (items := shape.inside(0)) is not None:
        for index, item in enumerate(node.items):
            yield from typed_in(items, item, wanted, (*path, index))


def names_in(model: type[BaseModel], node: Node) -> Iterator[tuple[Name, Place]]:
    """Every name of something else below a node."""
    for _, kind, scalar in typed_in(shape_of(model), node, Name):
        if isinstance(scalar.value, str) and scalar.value:
            yield kind(scalar.value), scalar.place


def fields_at(model: type[BaseModel], path: Path) -> Mapping[str, FieldInfo]:
    """The fields that a model declares at a path inside it, by the names that users write."""
    shape = shape_of(model)
    for part in path:
        shape = shape.inside(part) or shape.chosen(str(part)) or shape
    return shape.declared


def _models_of(classes: Iterable[type]) -> Iterator[type[BaseModel]]:
    for found in classes:
        if issubclass(found, StepFields):
            yield found.fields_model()
        elif issubclass(found, BaseModel):
            yield found


def _alternatives_of(annotation: Any) -> list[Any]:
    """The members of a union, without what `Annotated` adds."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives_of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [inner for argument in get_args(annotation) for inner in _alternatives_of(argument)]
    return [annotation]
