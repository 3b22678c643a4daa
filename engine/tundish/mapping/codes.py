"""The findings that models, code lists and mappings can give, each declared once; `tundish explain` shows them."""

from __future__ import annotations

from tundish.faults import FindingCode

UNKNOWN_TARGET_FIELD = FindingCode(
    "TD251",
    "A mapping sets a field that its model does not have",
    "A mapping with `to:` may only set the fields of that model, because the destination would never see the others.",
    wrong="to: work-order/1\nfields: {itme: material}",
    right="to: work-order/1\nfields: {item: material}",
)
MISSING_TARGET_FIELD = FindingCode(
    "TD252",
    "A mapping does not set a field that its model requires",
    "Every message would be rejected when it is validated.",
    wrong="to: work-order/1\nfields: {id: order.number}     # status, item and quantity are required too",
    right="to: work-order/1\nfields: {id: order.number, status: \"'released'\", item: material, quantity: …}",
)
UNKNOWN_MODEL = FindingCode(
    "TD253",
    "A model that nothing has",
    "Models are named with their major version, and looked up in the project first, then in the library.",
    wrong="to: work-order/2",
    right="to: work-order/1",
)
WRONG_TARGET_SHAPE = FindingCode(
    "TD254",
    "A mapping gives a field another shape than its model",
    "A list of the model is set by `each` and `fields`, or by one expression that gives a list; an object by nested "
    "fields, or by one expression that gives an object.",
    wrong="scrap: {reason: code('scrap-reasons', reason)}",
    right="scrap: {each: scrap_entries, fields: {reason: code('scrap-reasons', reason)}}",
)
WRONG_FIELD = FindingCode(
    "TD261",
    "A field of a model is declared wrongly",
    "A code needs its code list, an object its fields, a list its elements; lengths and patterns belong to text, and "
    "lengths to lists.",
    wrong="reason: {type: code}",
    right="reason: {type: code, codes: scrap-reasons}",
)
UNKNOWN_CODE_LIST = FindingCode(
    "TD262",
    "A code list that nothing has",
    "Code lists are looked up in the project first, then in the library.",
    wrong="reason: {type: code, codes: scrap-reason}",
    right="reason: {type: code, codes: scrap-reasons}",
)
WRONG_KEY = FindingCode(
    "TD263",
    "The key of a model is no usable key",
    "The key identifies a record, so each of its fields is at the top of the model, is required, and holds one value.",
    wrong="key: [lot]       # lot is not required",
    right="key: [id]",
)
AMBIGUOUS_CODE = FindingCode(
    "TD264",
    "A code list gives two meanings to one spelling",
    "Which of the two a message means would depend on the order of the entries.",
    wrong="early: {aliases: [E]}\nend: {aliases: [E]}",
    right="early: {aliases: [E]}\nend: {aliases: [X]}",
)
CIRCULAR_CODE_LIST = FindingCode(
    "TD265",
    "A code list extends itself",
    "A list may extend another one, or the library's list of its own name, but not, in the end, itself.",
    wrong="codes: shifts\nextends: shifts      # the library has no list 'shifts'",
    right="codes: shifts",
)
