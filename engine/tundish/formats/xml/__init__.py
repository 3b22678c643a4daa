"""XML: elements to records and back, with the shape taken from a schema or a declaration, never from the sample.

Elements with children are objects, elements without are text. An attribute of an object is a field with an underscore
in front (`_id`); the attributes of a text element stand beside it (`quantity_attributes`). An element that a schema
allows more than once, or that the format declares in `lists`, is always a list.
"""
