"""The messages of a Sparkplug B payload, as protobuf knows them (Sparkplug 3.0, section 6.4): numbers and types.

They are declared here in code, in a pool of their own, so that another library with the same messages does no harm.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "sparkplug"
_SCALARS = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "string": FieldDescriptorProto.TYPE_STRING,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
}


def _plain(first: int) -> str:
    """The kinds of value that stand at the same place of every message that has one."""
    kinds = "int_value uint32, long_value uint64, float_value float, double_value double, boolean_value bool"
    named = f"{kinds}, string_value string".split(", ")
    return ", ".join(f"{first + index} {kind} oneof" for index, kind in enumerate(named))


_MESSAGES = {
    "Payload": "1 timestamp uint64, 2 metrics Metric repeated, 3 seq uint64, 4 uuid string, 5 body bytes",
    "Metric": (
        "1 name string, 2 alias uint64, 3 timestamp uint64, 4 datatype uint32, 5 is_historical bool, "
        "6 is_transient bool, 7 is_null bool, 8 metadata MetaData, 9 properties PropertySet, "
        f"{_plain(10)}, 16 bytes_value bytes oneof, 17 dataset_value DataSet oneof, 18 template_value Template oneof"
    ),
    "MetaData": (
        "1 is_multi_part bool, 2 content_type string, 3 size uint64, 4 seq uint64, 5 file_name string, "
        "6 file_type string, 7 md5 string, 8 description string"
    ),
    "PropertySet": "1 keys string repeated, 2 values PropertyValue repeated",
    "PropertySetList": "1 propertyset PropertySet repeated",
    "PropertyValue": (
        f"1 type uint32, 2 is_null bool, {_plain(3)}, 9 propertyset_value PropertySet oneof, "
        "10 propertysets_value PropertySetList oneof"
    ),
    "DataSet": "1 num_of_columns uint64, 2 columns string repeated, 3 types uint32 repeated, 4 rows Row repeated",
    "Row": "1 elements DataSetValue repeated",
    "DataSetValue": _plain(1),
    "Template": (
        "1 version string, 2 metrics Metric repeated, 3 parameters Parameter repeated, 4 template_ref string, "
        "5 is_definition bool"
    ),
    "Parameter": f"1 name string, 2 type uint32, {_plain(3)}",
}


def _message(name: str, fields: str) -> DescriptorProto:
    made = DescriptorProto(name=name)
    for text in fields.split(", "):
        number, label, kind, *marks = text.split()
        field = made.field.add(name=label, number=int(number))
        field.label = (
            FieldDescriptorProto.LABEL_REPEATED if "repeated" in marks else FieldDescriptorProto.LABEL_OPTIONAL
        )
        if kind in _SCALARS:
            field.type = _SCALARS[kind]
        else:
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
        if "oneof" in marks:
            if not made.oneof_decl:
                made.oneof_decl.add(name="value")
            field.oneof_index = 0
    return made


def _payload_class() -> Any:
    # proto2, because there a field that is absent differs from one that is zero.
    file = FileDescriptorProto(name="sparkplug_b.proto", package=_PACKAGE, syntax="proto2")
    file.message_type.extend(_message(name, fields) for name, fields in _MESSAGES.items())
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Payload: Any = _payload_class()
"""The protobuf class. Its fields are only known at run time, so nothing outside this room sees one."""
