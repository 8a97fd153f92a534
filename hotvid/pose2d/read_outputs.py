"""A .tflite network without the operators whose results nobody reads.

LiteRT runs every operator of a file. BlazePose's landmark models also draw the person's outline,
at the size of their input, and give landmarks in metres: of the full model's time a third, of the
heavy one's an eighth. What is left computes the same to the last bit.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema

if TYPE_CHECKING:
    from flatbuffers.table import Table

# Fields of a SubGraph in a .tflite file, as flatbuffers counts them: 4 + 2 x their number.
_OUTPUTS, _OPERATORS = 8, 10
_OFFSET = np.dtype("<u4")  # of an operator, from where it is written down


def only_outputs(network: bytes, shapes: Collection[tuple[int, ...]]) -> bytes:
    """The network that gives the outputs of these shapes and no others.

    network  the content of a .tflite file of one graph.
    raises   ValueError where it is none, or has no output of one of the shapes.
    """
    changed = bytearray(network)
    try:
        graph = schema.Model.GetRootAs(changed).Subgraphs(0)
        by_shape = {
            tuple(graph.Tensors(i).ShapeAsNumpy().tolist()): i for i in graph.OutputsAsNumpy()
        }
        kept = [by_shape[shape] for shape in shapes]
        _shorten(changed, graph._tab, _OUTPUTS, np.array(kept, "<i4"))
        offsets = _list(changed, graph._tab, _OPERATORS).view(_OFFSET)
        needed = np.array(_needed(graph, kept))
        # An operator's offset counts from its own place in the list, which moves up.
        moved = offsets[needed] + 4 * (needed - np.arange(len(needed)))
        _shorten(changed, graph._tab, _OPERATORS, moved.astype(_OFFSET))
    except (KeyError, IndexError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(f"no network with outputs of {sorted(shapes)}") from error
    return bytes(changed)


def _needed(graph: schema.SubGraph, outputs: list[int]) -> list[int]:
    """The numbers, ascending, of the operators that `outputs` are computed by."""
    wanted, needed = set(outputs), []
    for i in reversed(range(graph.OperatorsLength())):
        operator = graph.Operators(i)
        if not wanted.isdisjoint(operator.OutputsAsNumpy().tolist()):
            needed.append(i)
            wanted.update(operator.InputsAsNumpy().tolist())
    return needed[::-1]


def _list(network: bytearray, graph: Table, field: int) -> np.ndarray:
    """(n,) the values, of 4 bytes each, that a field of the graph lists."""
    field = graph.Offset(field)
    return np.frombuffer(network, "<i4", graph.VectorLen(field), graph.Vector(field)).copy()


def _shorten(network: bytearray, graph: Table, field: int, values: np.ndarray) -> None:
    """Write `values` in place of those that the field lists, which are no fewer."""
    at = graph.Vector(graph.Offset(field))
    struct.pack_into("<I", network, at - 4, len(values))  # a list is preceded by its length
    network[at : at + values.nbytes] = values.tobytes()
