"""The findings that reading a project can give, each declared once; `tundish explain` shows them."""

from __future__ import annotations

from tundish.faults import FindingCode

BROKEN_YAML = FindingCode(
    "TD101",
    "The file is no YAML",
    "The parser stopped at this place, so nothing behind it was looked at. Usual causes are indentation, a tab, "
    "a quote that is not closed, or text that holds ': '.",
    wrong="description: Note: urgent",
    right='description: "Note: urgent"',
)
REFUSED_YAML = FindingCode(
    "TD102",
    "A feature of YAML that is not allowed",
    "Tags, merge keys, several documents in one file, names that are no text, deep nesting and masses of aliases are "
    "refused: they hide what a file says, or they are an attack on the reader. Text that starts with '!' needs quotes.",
    wrong="when: !reversal",
    right='when: "!reversal"',
)
UNKNOWN_FIELD = FindingCode(
    "TD103",
    "An unknown field",
    "Every name is checked, so that no misspelt setting passes for a default. Names that start with 'x-' are free.",
    wrong="mqtt: {connection: shopfloor, topik: a/b}",
    right="mqtt: {connection: shopfloor, topic: a/b}",
)
MISSING_FIELD = FindingCode(
    "TD104",
    "A field is missing",
    "This field has no default, because no default would be right for every plant.",
    wrong="mqtt: {connection: shopfloor}",
    right="mqtt: {connection: shopfloor, topic: plant7/+/completions}",
)
WRONG_VALUE = FindingCode(
    "TD105",
    "A wrong value",
    "The value is of another type than the field, or outside of what it allows. Durations carry their unit; `no`, `on` "
    "and `22:30` are text; identifiers with leading zeros need quotes.",
    wrong="retry: {attempts: many}",
    right="retry: {attempts: 8}",
)
DUPLICATE_FIELD = FindingCode(
    "TD106",
    "A field is there twice",
    "YAML parsers keep one of them silently; which one, depends on the parser.",
    wrong="key: order.number\nkey: lot.id",
    right="key: order.number",
)
UNKNOWN_KIND = FindingCode(
    "TD107",
    "An unknown kind of file",
    "The first field of a file says what the file is and how it is called. Folders and file names are a convention "
    "only. Files of other tools can be named in `ignore` of tundish.yaml.",
    wrong="routes: production-confirmation",
    right="route: production-confirmation",
)
UNKNOWN_NAME = FindingCode(
    "TD108",
    "A name that nothing has",
    "Names are looked up in the project first, then in the library that comes with Tundish.",
    wrong="map: completion-to-confrmation",
    right="map: completion-to-confirmation",
)
DUPLICATE_NAME = FindingCode(
    "TD109",
    "Two things have the same name",
    "Every route, mapping, model, code list, contract, connection, lookup and plant has a name of its own.",
    wrong="route: scrap      # in routes/scrap.yaml and in routes/rework.yaml",
    right="route: rework     # in routes/rework.yaml",
)
UNKNOWN_COMPONENT = FindingCode(
    "TD110",
    "A connector or format that is not there",
    "No installed distribution offers a connector or a format of this name, or the connector has no such part: some "
    "can only send. `tundish schema` lists what is installed.",
    wrong="from: {mqqt: {connection: shopfloor, topic: a/b}}",
    right="from: {mqtt: {connection: shopfloor, topic: a/b}}",
)
WRONG_CONNECTION = FindingCode(
    "TD111",
    "A connection of another connector",
    "The connection exists, but it belongs to another protocol than the one that uses it.",
    wrong="rest: {connection: shopfloor, path: /orders}   # shopfloor is an mqtt connection",
    right="rest: {connection: erp, path: /orders}",
)
LOST_OVERLAY = FindingCode(
    "TD112",
    "A plant changes what is not there",
    "An overlay names a route, a step or a place that the project does not have, so the plant would silently run "
    "without its change.",
    wrong="insert: {after: enrich, step: {log: seen}}    # the route has no step 'enrich'",
    right="insert: {after: map, step: {log: seen}}",
)
WRONG_SCHEMA = FindingCode(
    "TD113",
    "A contract's schema is wrong",
    "The schema is no valid JSON Schema, or its file is no JSON.",
    wrong="schema: {type: objekt}",
    right="schema: {type: object}",
)
MISSING_FILE = FindingCode(
    "TD114",
    "A file is not there",
    "Paths are relative to the file that names them, those of a format to the project; all stay inside the project.",
    wrong="given: {file: complet.json}",
    right="given: {file: completion.json}",
)
WHICH_PLANT = FindingCode(
    "TD115",
    "It is not clear which plant is meant",
    "A project with one plant file runs as that plant; with several of them, the command line has to say which.",
    wrong="tundish run",
    right="tundish run --plant dresden",
)
LOST_ZEROS = FindingCode(
    "TD116",
    "A number loses its leading zeros",
    "By YAML 1.2 a plain 0004711 is the number 4711. Identifiers keep their zeros only in quotes.",
    wrong="order: 0004711",
    right='order: "0004711"',
    severity="warning",
)
WRONG_STEP = FindingCode(
    "TD117",
    "A step that is none",
    "Every item of `steps` has exactly one field, the name of the step, and its value says what the step does.",
    wrong="- {map: to-confirmation, filter: yield.value > 0}",
    right="- map: to-confirmation\n- filter: yield.value > 0",
)
BROKEN_FILE = FindingCode(
    "TD118",
    "A file that a format names is broken",
    "The schema or stylesheet is there, but cannot be used; nothing that the route reads could be checked against it.",
    wrong="xml: {schema: schemas/order.xsd}    # the root of order.xsd is <order>",
    right="xml: {schema: schemas/order.xsd}    # the root of order.xsd is <xs:schema>",
)
LITERAL_SECRET = FindingCode(
    "TD401",
    "A secret is written into the project",
    "Whoever reads the repository, a backup or a dead letter would have it. Refer to it: `env:NAME`, "
    "`file:/absolute/path`, or `credential:NAME` for systemd's LoadCredential.",
    wrong="password: hunter2",
    right="password: env:BROKER_PASSWORD",
)
SECRET_IN_URL = FindingCode(
    "TD402",
    "A URL holds a password",
    "URLs are logged and shown; the user and the password have fields of their own.",
    wrong="url: https://tundish:hunter2@erp.example",
    right="url: https://erp.example\nauth: {basic: {user: tundish, password: env:ERP_PASSWORD}}",
)

CODES: tuple[FindingCode, ...] = tuple(
    sorted((value for value in list(globals().values()) if isinstance(value, FindingCode)), key=lambda code: code.id)
)
"""Every finding code of this room."""
