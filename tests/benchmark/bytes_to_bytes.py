"""How fast a message goes from bytes to bytes, mapped and validated, against json, jmespath.py and jsonschema.

    python tests/benchmark/bytes_to_bytes.py [--json] [folder with confirmation.json and handwritten.py]

Both sides make the same 27 fields and 5 lines of 9. The other side still does less: it rounds numbers to floats, takes
duplicate keys, and does not look into dates.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmark.mapping import HERE, INPUTS, UNITS, load_program, load_yardstick, same_in_jmespath
from tests.benchmark.measurement import Measurement, tell
from tundish.config.reading.definitions import read_model
from tundish.config.reading.files import read_file
from tundish.config.report import Report
from tundish.faults import Place
from tundish.formats.contract import Decoded
from tundish.formats.json import JsonFormat, JsonSettings
from tundish.formats.json_reader import encode_json
from tundish.language import Environment
from tundish.mapping.definitions import MappingDefinition, Written
from tundish.mapping.json_schema import json_schema
from tundish.mapping.mappings import compile_mapping
from tundish.mapping.models import CanonicalModel, build_models

ROUNDS = 15
EACH = 40

Way = Callable[[bytes], bytes]


def load_model() -> CanonicalModel:
    """The model of what the mapping makes."""
    report = Report()
    path = HERE / "confirmation-model.yaml"
    document = read_file(path, path.name, report)
    definition = read_model(document.fields, report) if document is not None else None
    report.raise_errors()
    if definition is None:
        raise SystemExit(f"{path} is no model")
    return build_models([definition], {})["confirmation/1"]


def our_way(inputs: Path, model: CanonicalModel) -> Way:
    """Decode, map, validate, encode."""
    program = load_program(HERE / "confirmation-mapping.yaml")
    place = Place("confirmation-mapping.yaml", 1, 1)
    definition = MappingDefinition(
        name="confirmation",
        place=place,
        fields=program.fields,
        lets=tuple(program.lets),
        names={},
        target=Written(model.reference, place),
    )
    environment = Environment(code_lists={**load_yardstick(inputs).CODES, "units": UNITS})
    evaluate = compile_mapping(definition, {model.reference: model}, environment).evaluate
    format_ = JsonFormat(JsonSettings())
    scope: dict[str, object] = {}

    def way(body: bytes) -> bytes:
        (message,) = format_.decode([body])
        if not isinstance(message, Decoded):
            raise SystemExit("the confirmation cannot be decoded")
        return format_.encode([evaluate(message.record, scope)])

    return way


def other_way(inputs: Path, model: CanonicalModel) -> Way:
    """json.loads, jmespath.py, jsonschema, json.dumps: each prepared once, as a careful programmer does it."""
    search = same_in_jmespath(load_yardstick(inputs))
    validate = jsonschema.Draft202012Validator(json.loads(encode_json(json_schema(model, {})))).validate

    def way(body: bytes) -> bytes:
        result = search(json.loads(body))
        validate(result)
        return json.dumps(result, default=float).encode()

    return way


def main() -> int:
    """Measure in rounds that take turns, and print the ratio of the fastest rounds."""
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("--")]
    inputs = folders[0] if folders else INPUTS
    body = (inputs / "confirmation.json").read_bytes()
    model = load_model()
    ways = {"ours": our_way(inputs, model), "other": other_way(inputs, model)}
    results = {name: json.loads(way(body)) for name, way in ways.items()}
    if different := [name for name, value in results["ours"].items() if value != results["other"].get(name)]:
        print("the results differ in:", ", ".join(different), file=sys.stderr)
        return 1
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            for _ in range(EACH):
                way(body)
            times[name].append((time.perf_counter() - start) / EACH)
    ratio = statistics.median(times["other"]) / statistics.median(times["ours"])
    tell(Measurement("bytes → map → validate → bytes, faster than json + jmespath.py + jsonschema", ratio, at_least=10))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
