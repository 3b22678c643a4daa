"""The expression language: JMESPath with exact numbers, arithmetic, variables and functions for the work.

Pure: no clock, no disk, no socket. `parse` gives a syntax tree, `compile_expression` a function of one record,
`compile_program` one function for a whole mapping.
"""

from tundish.language.compiling.expressions import Compiled, compile_expression
from tundish.language.environment import Environment
from tundish.language.evaluation.values import is_true
from tundish.language.expression import Expression
from tundish.language.functions import Function, functions
from tundish.language.program import CompiledProgram, Each, Group, Leaf, Program, compile_program
from tundish.language.syntax import Dialect, Node, parse
from tundish.language.template import Template

__all__ = [
    "Compiled",
    "CompiledProgram",
    "Dialect",
    "Each",
    "Environment",
    "Expression",
    "Function",
    "Group",
    "Leaf",
    "Node",
    "Program",
    "Template",
    "compile_expression",
    "compile_program",
    "functions",
    "is_true",
    "parse",
]
