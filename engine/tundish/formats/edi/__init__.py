"""ANSI ASC X12 and UN/EDIFACT: envelopes, messages, records, acknowledgements.

`syntax` turns bytes into interchanges and messages; `record` turns a message into a record that expressions can read,
and back; `acknowledgement` answers an interchange. Nothing here needs a grammar: `structures`, where there are some,
only add names for loops and more checks.
"""
