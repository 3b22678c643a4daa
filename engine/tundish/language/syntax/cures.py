"""Words for a text that is no expression: what was found, what was expected, and what people mean by it."""

from __future__ import annotations

import re

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from tundish.errors import ExpressionError

_VALUE_STARTS = {"NAME", "NUMBER", "RAW"}
_PAIRS = {")": "(", "]": "[", "}": "{"}
_PIECES = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\[\?|[\[\](){}'"`]""", re.DOTALL)

_WORDS = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!` before the condition",
    "is": "compare with `==`",
    "mod": "write `%`",
    "div": "write `/`",
    "then": "write `condition ? value : other value`",
    "if": "write `condition ? value : other value`",
    "like": "use match(value, 'pattern') or contains(value, 'part')",
    "in": "use contains(list, value)",
}
"""Words that other languages have as operators."""

_SIGNS = {
    "<>": "write `!=`",
    "===": "write `==`",
    "!==": "write `!=`",
    "=>": "write `>=`",
    "=<": "write `<=`",
    "{{": "leave out the braces of templates: the expression stands alone",
    "//": "write `/`, and floor(…) around it",
    "**": "multiply: there is no power",
    "=": "compare with `==`",
    "&": "write `&&`",
    ";": "an expression is one value; name parts of it with `let $name = … in …`",
    "–": "this is a dash; write the minus of the keyboard: -",
    "−": "this is the minus of typesetting; write that of the keyboard: -",
    "×": "write `*`",
    "÷": "write `/`",
    "“": "write texts between single quotes: 'text'",
    "”": "write texts between single quotes: 'text'",
    "‘": "write texts between single quotes: 'text'",
    "’": "write texts between single quotes: 'text'",
    "#": "comments belong outside the expression",
    "^": "multiply: there is no power",
    "~": "use match(value, 'pattern')",
    "\\": "a backslash stands inside a text only",
}
"""Signs that other languages have; longer ones first."""


def explain(text: str, error: UnexpectedInput) -> ExpressionError:
    """The error to raise for what lark refused."""
    offset = _offset(text, error)
    opened = _unclosed(text)
    if opened is not None and (offset >= len(text.rstrip()) or text[opened] in "'\"`"):
        what = "quote" if text[opened] in "'\"`" else "bracket"
        return ExpressionError(
            "syntax",
            f"this {what} is never closed",
            cure=f"add its `{_closing(text[opened])}`",
            offset=opened,
        )
    found, length = _found(text, offset, error)
    expected = _expected(error)
    return ExpressionError(
        "syntax", f"{found} stands where {expected} is expected", cure=_cure(text, offset), offset=offset, length=length
    )


def _offset(text: str, error: UnexpectedInput) -> int:
    if isinstance(error, UnexpectedToken):
        return len(text.rstrip()) if error.token.type == "$END" else error.token.start_pos or 0
    return error.pos_in_stream or 0


def _found(text: str, offset: int, error: UnexpectedInput) -> tuple[str, int]:
    if offset >= len(text.rstrip()):
        return ("the end" if text.strip() else "nothing"), 1
    if isinstance(error, UnexpectedToken):
        return f"`{error.token}`", len(error.token)
    return f"`{text[offset]}`", 1


def _expected(error: UnexpectedInput) -> str:
    if isinstance(error, UnexpectedToken):
        terminals = set(error.accepts or error.expected)
    else:
        terminals = set(error.allowed or ()) if isinstance(error, UnexpectedCharacters) else set()
    if terminals >= _VALUE_STARTS:
        return "a value"
    if "LBRACE" in terminals:
        return "a name"
    closing = [sign for terminal, sign in _CLOSERS.items() if terminal in terminals]
    if {"PIPE", "DOT"} & terminals:
        return " or ".join(
            ["an operator", *(f"`{sign}`" for sign in closing)] if closing else ["an operator or the end"]
        )
    return "a name"


_CLOSERS = {"RPAR": ")", "RSQB": "]", "RBRACE": "}", "COMMA": ","}


def _cure(text: str, offset: int) -> str:
    rest = text[offset:]
    before = text[:offset].rstrip()
    for sign, cure in _SIGNS.items():
        at = rest.startswith(sign) or (len(sign) > 1 and text.startswith(sign, max(0, offset - 1)))
        if at:
            return cure
    word = re.match(r"[A-Za-z]+", rest)
    if word and word[0].lower() in _WORDS:
        return _WORDS[word[0].lower()]
    previous = re.search(r"[A-Za-z]+$", before)
    if previous and previous[0].lower() in _WORDS:
        return _WORDS[previous[0].lower()]
    if rest.startswith((")", "]", "}")) and _unopened(text, offset):
        return f"remove it: no `{_PAIRS[rest[0]]}` is open"
    if rest.startswith(('"', "'")):
        return "write texts between single quotes, 'text', and join them with join('', [a, b])"
    return ""


def _unclosed(text: str) -> int | None:
    """Offset of the last bracket or quote that is open at the end."""
    opened: list[int] = []
    for piece in _PIECES.finditer(text):
        sign = piece[0]
        if sign in "'\"`":
            return piece.start()
        if sign in {"(", "[", "{", "[?"}:
            opened.append(piece.start())
        elif sign in _PAIRS and opened and text[opened[-1]] == _PAIRS[sign]:
            opened.pop()
    return opened[-1] if opened else None


def _unopened(text: str, offset: int) -> bool:
    """Whether the closing bracket at the offset has no partner before it."""
    return _PAIRS[text[offset]] not in text[:offset]


def _closing(sign: str) -> str:
    return {"(": ")", "[": "]", "{": "}"}.get(sign, sign)
