"""What someone probably meant: close spellings, and the words of Camel, Mule and Redpanda Connect (Benthos)."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

FOREIGN_WORDS: dict[str, str] = {
    # Camel
    "setbody": "write a mapping and name it in a step 'map'",
    "transform": "write a mapping and name it in a step 'map'",
    "marshal": "name the format of the destination: 'format: csv'",
    "unmarshal": "name the format of the source: 'format: csv'",
    "multicast": "name several destinations below 'to'",
    "recipientlist": "name several destinations below 'to', each with its 'when'",
    "idempotentconsumer": "name the identifying fields in 'once'",
    "onexception": "failures are retried and dead-lettered by default; see 'retry' and 'classify'",
    "errorhandler": "failures are retried and dead-lettered by default; see 'retry' and 'classify'",
    "deadletterchannel": "dead letters are kept by default; see 'after_dead_letter'",
    "pollenrich": "did you mean 'enrich'?",
    "uri": "write the connector's name and its settings: 'mqtt: {connection: …, topic: …}'",
    "simple": "write the expression itself",
    # Mule
    "set-payload": "write a mapping and name it in a step 'map'",
    "set-variable": "name it with 'let' in a mapping",
    "scatter-gather": "name several destinations below 'to'",
    "until-successful": "say it with 'retry: {attempts: …, backoff: 2s..10m}'",
    "idempotent-message-validator": "name the identifying fields in 'once'",
    "on-error-continue": "say it with 'after_dead_letter: continue'",
    "on-error-propagate": "failures are retried and dead-lettered by default; see 'retry' and 'classify'",
    "flow": "did you mean 'route'?",
    "logger": "did you mean 'log'?",
    # Redpanda Connect (Benthos)
    "input": "did you mean 'from'?",
    "output": "did you mean 'to'?",
    "pipeline": "did you mean 'steps'?",
    "processors": "did you mean 'steps'?",
    "mapping": "did you mean 'map'?",
    "bloblang": "write a mapping and name it in a step 'map'",
    "broker": "name several destinations below 'to'",
    "fan_out": "name several destinations below 'to'",
    "switch": "did you mean 'choice'?",
    "check": "did you mean 'when'?",
    "fallback": "failures are retried and dead-lettered by default; see 'retry'",
    "dead_letter_queue": "dead letters are kept by default; see 'after_dead_letter'",
    "dlq": "dead letters are kept by default; see 'after_dead_letter'",
    "dedupe": "name the identifying fields in 'once'",
    "max_in_flight": "did you mean 'concurrency'?",
    "branch": "did you mean 'enrich'?",
    "http_client": "did you mean 'rest'?",
    "http_server": "did you mean 'rest'?",
    "max_retries": "say it with 'retry: {attempts: …}'",
    "deduplication_key": "did you mean 'once'?",
    "ordering_key": "did you mean 'key'?",
    "condition": "did you mean 'when'?",
    "if": "did you mean 'when'?",
    "else": "did you mean 'otherwise'?",
    "default": "did you mean 'otherwise'?",
    "source": "did you mean 'from'?",
    "sink": "did you mean 'to'?",
    "destination": "did you mean 'to'?",
    "destinations": "did you mean 'to'?",
}
"""Foreign word, in lower case, and the cure."""

_LISTED = 8


def suggest(word: str, known: Iterable[str], *, foreign: bool = False) -> str:
    """The cure for an unknown word: a close one, else our word for a foreign one, else the list of those there are."""
    # Names hold no spaces; the loader keeps files without a name of their own under names that do.
    names = sorted(name for name in known if " " not in name)
    if close := _close(word, names):
        return f"did you mean '{close}'?"
    if foreign and (cure := FOREIGN_WORDS.get(word.lower())):
        return cure
    if not names:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"there is {', '.join(names[:_LISTED])}{more}" if len(names) > 1 else f"there is only '{names[0]}'"


def _close(word: str, names: list[str]) -> str | None:
    folded = {_folded(name): name for name in reversed(names)}
    found = get_close_matches(_folded(word), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else None


def _folded(word: str) -> str:
    """Case and separators do not count: `afterDeadLetter` is close to `after_dead_letter`."""
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")
