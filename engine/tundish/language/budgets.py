"""The limits of expressions. Each is far above honest use; beyond it stands an `ExpressionError` of kind `budget`."""

from __future__ import annotations

EXPRESSION_CHARACTERS = 10_000
"""Length of one expression's text."""

EXPRESSION_DEPTH = 64
"""How deep the syntax tree of one expression may be; operators in a row, such as `a || b || c`, count one each."""

GROWTH = 4096
"""How many times an expression may repeat its input in its result, so far as this is seen without running it."""

QUIET_GROWTH = 64
"""Up to this factor the size of a result is not counted while running."""

RESULT_NODES = 1_000_000
"""How many nodes a value may have once `QUIET_GROWTH` is passed."""

STEPS = 10_000_000
"""How many nodes of outer values (`$`, `$name`) the loops of one evaluation may look at in total."""

TEXT_CHARACTERS = 1_048_576
"""Length of a text that a function makes, and of a text that a regular expression is matched with."""

NUMBER_DIGITS = 200
"""Digits of a number that arithmetic gives, and the size of exponents; enough for every exact sum and product."""

QUOTIENT_DIGITS = 34
"""Significant digits of a quotient that does not come out even; those of IEEE 754 decimal128."""

PATTERN_CHARACTERS = 1_000
"""Length of a regular expression."""

TEMPLATE_CHARACTERS = 65_536
"""Length of what a template gives."""
