"""How fast a mapping is: against a function written by hand, and against jmespath.py.

    python tests/benchmark/mapping.py [--json] [folder with confirmation.json and handwritten.py]

Prints ratios only, from rounds that take turns, because absolute times mean nothing on another machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jmespath
import yaml
from jmespath import functions

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmark.measurement import Measurement, tell
from tundish.faults import Place
from tundish.language import Each, Environment, Group, Leaf, Program, compile_program
from tundish.language.evaluation.values import equal

HERE = Path(__file__).parent
INPUTS = HERE.parents[1].parent / "shared" / "bench"
UNITS = {"KG": "KGM", "G": "GRM", "TO": "TNE", "LB": "LBR"}
ROUNDS = 25
EACH = 200

PLAIN_JMESPATH = """{
  id: messageHeader.messageId, event_time: messageHeader.created, source_system: messageHeader.sender.system,
  plant: messageHeader.sender.plant, order_id: confirmation.orderNumber, operation_no: confirmation.operation.number,
  operation_text: confirmation.operation.text, work_center: confirmation.operation.workCenter,
  conf_type: confirmation.type, is_final: confirmation.type == 'F', posting_date: confirmation.posting.date,
  shift: confirmation.posting.shift || 'unknown', start: confirmation.times.start, end: confirmation.times.end,
  duration_s: confirmation.times.end, yield_kg: confirmation.quantities.yield.value,
  scrap_kg: confirmation.quantities.scrap.value || `0`, rework_kg: confirmation.quantities.rework.value || `0`,
  scrap_reason: confirmation.reasonCode, operator_id: confirmation.operator.id || 'SYSTEM',
  operator_name: join(' ', [confirmation.operator.name.first, confirmation.operator.name.last]),
  remarks: confirmation.remarks || '', line_count: length(confirmation.components),
  consumed_kg: sum(confirmation.components[?movement == '261'].to_number(qty)),
  backflushed: confirmation.components[?flags.backflush].material,
  max_temp: max(confirmation.parameters[?name == 'temp'].value),
  lines: confirmation.components[*].{line_no: pos, material: material, batch: batch || 'NONE', qty_kg: qty, uom: uom,
    storage: sloc || 'DEFAULT', movement: movement, backflush: flags.backflush || `false`, reversal: movement == '262'}
}"""
"""The same shape in JMESPath as it is, which has no dates, units and code lists: less work for jmespath.py."""


SAME_JMESPATH = """{
  id: messageHeader.messageId, event_time: iso_utc(messageHeader.created), source_system: messageHeader.sender.system,
  plant: code('plant', messageHeader.sender.plant) || messageHeader.sender.plant,
  order_id: without_zeros(confirmation.orderNumber), operation_no: to_int(confirmation.operation.number),
  operation_text: confirmation.operation.text, work_center: confirmation.operation.workCenter,
  conf_type: code('conf_type', confirmation.type), is_final: confirmation.type == 'F',
  posting_date: iso_date(confirmation.posting.date), shift: code('shift', confirmation.posting.shift) || 'unknown',
  start: iso_utc(confirmation.times.start), end: iso_utc(confirmation.times.end),
  duration_s: seconds_between(confirmation.times.start, confirmation.times.end),
  yield_kg: to_kg(confirmation.quantities.yield.value, confirmation.quantities.yield.uom),
  scrap_kg: to_kg(confirmation.quantities.scrap.value, confirmation.quantities.scrap.uom) || `0`,
  rework_kg: to_kg(confirmation.quantities.rework.value, confirmation.quantities.rework.uom) || `0`,
  scrap_reason: code('reason', confirmation.reasonCode), operator_id: confirmation.operator.id || 'SYSTEM',
  operator_name: join(' ', [confirmation.operator.name.first, confirmation.operator.name.last]),
  remarks: confirmation.remarks || '', line_count: length(confirmation.components),
  consumed_kg: total(confirmation.components[?movement == '261'].to_kg(qty, uom)),
  backflushed: confirmation.components[?flags.backflush].without_zeros(material),
  max_temp: max(confirmation.parameters[?name == 'temp'].value),
  lines: confirmation.components[*].{line_no: to_int(pos), material: without_zeros(material), batch: batch || 'NONE',
    qty_kg: to_kg(qty, uom), uom: uom, storage: sloc || 'DEFAULT', movement: code('movement', movement),
    backflush: flags.backflush || `false`, reversal: movement == '262'}
}"""
"""The same mapping for jmespath.py, with the yardstick's own functions as custom functions."""


def load_yardstick(folder: Path) -> ModuleType:
    """The module with the function written by hand."""
    spec = importlib.util.spec_from_file_location("handwritten", folder / "handwritten.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder / 'handwritten.py'} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same_in_jmespath(yardstick: ModuleType) -> Callable[[Any], Any]:
    """The mapping by jmespath.py."""
    any_value: dict[str, list[str]] = {"types": []}
    one, two = (any_value,), (any_value, any_value)

    class Custom(functions.Functions):
        """What JMESPath does not have; jmespath.py finds functions by the prefix `_func_`."""

    def declare(name: str, parameters: tuple[dict[str, list[str]], ...], call: Callable[..., Any]) -> None:
        Custom.FUNCTION_TABLE[name] = {"function": lambda _self, *given: call(*given), "signature": parameters}

    for name in ("iso_utc", "iso_date", "without_zeros", "to_int"):
        declare(name, one, getattr(yardstick, name))
    for name in ("seconds_between", "to_kg"):
        declare(name, two, getattr(yardstick, name))
    declare("total", one, sum)
    declare("code", two, lambda name, value: yardstick.CODES[name].get(value))
    expression, options = jmespath.compile(SAME_JMESPATH), jmespath.Options(custom_functions=Custom())
    return lambda record: expression.search(record, options)


def load_program(path: Path) -> Program:
    """The mapping file as a program."""
    document = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)  # the C loader of safe_load

    def leaf(text: str) -> Leaf:
        return Leaf(text, Place(path.name, 1, 1))

    def group(fields: Mapping[str, Any]) -> Group:
        return Group({name: node(value) for name, value in fields.items()})

    def node(value: Any) -> Leaf | Each | Group:
        if isinstance(value, str):
            return leaf(value)
        return Each(leaf(value["each"]), group(value["fields"])) if "each" in value else group(value)

    return Program(group(document["fields"]), tuple((name, leaf(text)) for name, text in document["let"].items()))


def measure(contestants: Mapping[str, Callable[[Any], Any]], record: Any) -> dict[str, list[float]]:
    """Seconds for each call, for every round; the contestants take turns so that all see the same machine."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            start = time.perf_counter()
            for _ in range(EACH):
                run(record)
            times[name].append((time.perf_counter() - start) / EACH)
    return times


def main() -> int:
    """Compare, print, and fail where the results differ."""
    arguments = argparse.ArgumentParser(description="Time a mapping against hand-written Python and jmespath.py.")
    arguments.add_argument("inputs", nargs="?", type=Path, default=INPUTS)
    arguments.add_argument("--json", action="store_true", help="print JSON lines")
    folder: Path = arguments.parse_args().inputs
    yardstick = load_yardstick(folder)
    record = json.loads((folder / "confirmation.json").read_text("utf-8"))
    environment = Environment(code_lists={**yardstick.CODES, "units": UNITS})
    mapping = compile_program(load_program(HERE / "confirmation-mapping.yaml"), environment)
    scope: dict[str, object] = {}
    contestants: dict[str, Callable[[Any], Any]] = {
        "handwritten": yardstick.full,
        "mapping": lambda data: mapping(data, scope),
        "jmespath.py": same_in_jmespath(yardstick),
        "jmespath.py, less work": jmespath.compile(PLAIN_JMESPATH).search,
    }
    wanted = contestants["handwritten"](record)
    for name in ("mapping", "jmespath.py"):
        got = contestants[name](record)
        different = [field for field in {**wanted, **got} if not equal(wanted.get(field), got.get(field))]
        if different:
            print(f"{name} gives another result in: {', '.join(different)}", file=sys.stderr)
            return 1
    times = measure(contestants, record)
    least = {name: min(seconds) for name, seconds in times.items()}
    median = {name: statistics.median(seconds) for name, seconds in times.items()}
    tell(
        Measurement("mapping, time over handwritten (minimum)", least["mapping"] / least["handwritten"], at_most=1.5),
        Measurement("mapping, time over handwritten (median)", median["mapping"] / median["handwritten"]),
        Measurement("jmespath.py, time over mapping (minimum)", least["jmespath.py"] / least["mapping"], at_least=9),
        Measurement("jmespath.py, time over mapping (median)", median["jmespath.py"] / median["mapping"]),
        Measurement(
            "jmespath.py without dates, units and codes, time over mapping",
            median["jmespath.py, less work"] / median["mapping"],
        ),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
