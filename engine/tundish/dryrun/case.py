"""One test of a project: what is given, run through its route, compared with what is expected."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tundish.config import Expected, TestDeclaration
from tundish.config.document import Fields, Source, read_document
from tundish.config.project import place_at
from tundish.config.report import Report
from tundish.dryrun.diff import Steps, unmet
from tundish.dryrun.result import Mismatch, TestResult, mismatch_text
from tundish.dryrun.run import Answers, DryRun, MessageRun
from tundish.faults import Place
from tundish.model import Record
from tundish.plan.route import RoutePlan


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test that was run."""

    result: TestResult
    sent: Mapping[str, tuple[Record, ...]]
    """Destination → what it would be sent, in order; every destination of the route is there."""


async def run_test(dry: DryRun, test: TestDeclaration) -> Outcome:
    """Run one test. Raises MissingExtra where a connector's library is absent, OSError where its fixture is."""
    started = time.perf_counter()
    route = dry.plan.routes[test.route]
    runs = await _given(dry, route, test)
    sent = {
        name: tuple(
            sending.request
            for run in runs
            for sending in run.sendings
            if sending.destination == name and sending.request is not None
        )
        for name in route.destinations
    }
    mismatches = (*_unexpected_errors(test, runs), *_mismatches(test, sent))
    seconds = time.perf_counter() - started
    return Outcome(TestResult(test.name, test.route, test.place, mismatches, seconds), sent)


async def _given(dry: DryRun, route: RoutePlan, test: TestDeclaration) -> list[MessageRun]:
    meta: Record = dict(test.meta)
    answers = Answers(test.lookups)
    if test.records is not None:
        return await dry.records(route, test.records, meta, test.received, answers)
    content = test.file.read_bytes() if test.file is not None else test.body or b""
    if test.file is not None:
        meta.setdefault("file", test.file.name)
    return await dry.unit(route, (content,), meta, test.received, answers)


def _unexpected_errors(test: TestDeclaration, runs: Sequence[MessageRun]) -> Iterator[Mismatch]:
    """Dead letters that the test does not expect, and expected ones that did not come."""
    happened = [(run, destination, fault) for run in runs for destination, fault in run.dead]
    if test.errors is None:
        for run, destination, fault in happened:
            where = f" for {destination}" if destination else ""
            message = f" ({run.where})" if run.where else ""
            yield Mismatch(test.place, f"a dead letter{where}{message}: {fault}")
        return
    for text in test.errors.texts:
        if not any(text in str(fault) for _, _, fault in happened):
            got = "; ".join(str(fault) for _, _, fault in happened) or "no dead letter"
            yield Mismatch(test.errors.place, f"error: expected '{text}', got {got}")


def _mismatches(test: TestDeclaration, sent: Mapping[str, Sequence[Record]]) -> Iterator[Mismatch]:
    if not test.expect and test.errors is None:
        yield Mismatch(test.place, "the test expects nothing; 'tundish test --update' writes what is sent")
    for name, expected in test.expect.items():
        yield from _compared(test, name, expected, sent[name])


def _compared(test: TestDeclaration, name: str, expected: Expected, sent: Sequence[Record]) -> Iterator[Mismatch]:
    if len(expected.messages) != len(sent):
        yield Mismatch(expected.place, f"{name}: expected {_counted(expected.messages)}, got {_counted(sent)}")
    for index, (wanted, got) in enumerate(zip(expected.messages, sent, strict=False)):
        where = name if len(expected.messages) == 1 else f"{name}[{index}]"
        for difference in unmet(dict(wanted), got):
            place = _place(test, (name, index, *difference.steps))
            yield Mismatch(place, mismatch_text(where, difference))


def _place(test: TestDeclaration, steps: Steps) -> Place:
    """Where the test's file speaks of it: the value itself, or the nearest one around it."""
    document = read_document(Source(test.place.file, test.path.read_text(encoding="utf-8")), Report())
    # A single message stands without a list around it; a step that leads nowhere is left out.
    return place_at(document, "expect", *steps) if isinstance(document, Fields) else test.place


def _counted(messages: Sequence[object]) -> str:
    return {0: "no message", 1: "1 message"}.get(len(messages), f"{len(messages)} messages")
