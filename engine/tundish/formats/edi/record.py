"""A message as a record that expressions read, and a record as segments again.

```
{"standard": "x12", "type": "850", "version": "004010", "reference": "0001",
 "interchange": {"sender": …, "sender_qualifier": …, "receiver": …, "receiver_qualifier": …, "reference": …, "test": …},
 "group": {"type": "PO", "sender": …, "receiver": …, "reference": …},
 "BEG03": "PO-1",                       # position 3 of the first BEG
 "REF": [{"REF01": …, "REF02": …}],     # every REF of this loop
 "loops": {"PO1": [{"PO101": …, "PID": […], "loops": {…}}]},
 "segments": [["ST", "850", "0001"], …]}
```

An element with components gives its first as `DTM01` and the others as `DTM01_2`, `DTM01_3`; a repeating element
gives its first, and all of them as the list `DTM01_all`. `segments` keeps everything, in order, so that encoding a
decoded message gives the same segments.
"""

from __future__ import annotations

from functools import lru_cache

from tundish.formats.edi.structures.loops import Occurrence
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.model import Record, Value


def loop_record(occurrence: Occurrence, delimiters: Delimiters) -> Record:
    """One occurrence of a loop: its own segments by position and by tag, and its loops."""
    record: Record = {}
    by_tag: dict[str, list[Value]] = {}
    for segment in occurrence.segments:
        fields = segment_record(segment, delimiters)
        tag = segment[0]
        if tag not in by_tag:
            by_tag[tag] = []
            record.update(fields)
        by_tag[tag].append(fields)
    record.update(by_tag)
    loops: dict[str, list[Value]] = {}
    for child in occurrence.children:
        loops.setdefault(child.loop.name, []).append(loop_record(child, delimiters))
    record["loops"] = dict(loops)
    return record


def segment_record(segment: list[str], delimiters: Delimiters) -> Record:
    """The elements of one segment by position; empty elements are absent."""
    tag = segment[0]
    record: Record = {}
    component, repetition = delimiters.component, delimiters.repetition
    for position, element in enumerate(segment[1:], 1):
        if not element:
            continue
        name = _name(tag, position)
        if repetition and repetition in element:
            occurrences = delimiters.repetitions(element)
            record[f"{name}_all"] = [delimiters.components(one)[0] for one in occurrences]
            element = occurrences[0]  # noqa: PLW2901 - what follows reads the first occurrence
        if component and component in element:
            for number, part in enumerate(delimiters.components(element), 1):
                if number == 1:
                    record[name] = part
                elif part:
                    record[f"{name}_{number}"] = part
        else:
            record[name] = delimiters.plain(element)
    return record


@lru_cache(maxsize=4096)
def _name(tag: str, position: int) -> str:
    return f"{tag}{position:02d}"


def raw_segments(segments: list[list[str]], delimiters: Delimiters) -> list[Value]:
    """All segments in order: text, a list of components, or `{"repeat": […]}` for each element."""
    component, repetition, raw = delimiters.component, delimiters.repetition or delimiters.component, _raw
    # Most elements are plain text already. Without a component separator, the empty text is in every element.
    return [
        [
            element
            if component not in element and repetition not in element and element.isascii()
            else raw(element, delimiters)
            for element in segment
        ]
        for segment in segments
    ]


def _raw(element: str, delimiters: Delimiters) -> Value:
    if delimiters.repetition and delimiters.repetition in element:
        return {"repeat": [_raw_one(one, delimiters) for one in delimiters.repetitions(element)]}
    return _raw_one(element, delimiters)


def _raw_one(element: str, delimiters: Delimiters) -> Value:
    if delimiters.component and delimiters.component in element:
        return list(delimiters.components(element))
    return delimiters.plain(element)
