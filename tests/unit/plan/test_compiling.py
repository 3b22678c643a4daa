"""A project as plans: defaults, connections, versions."""

from __future__ import annotations

from pathlib import Path

from tests.unit.plan.plans import FROM, HEAD, TO, only, plan
from tundish.model import Value
from tundish.plan import compile_route_text
from tundish.plan.route import RetryPolicy


def retry(root: Path, more: str = "", destination: str = "") -> RetryPolicy:
    route = only(root, f"{HEAD}{FROM}to: {{out: {{memory: {{queue: out}}{destination}}}}}\n{more}")
    return route.destinations["out"].retry


def test_retries_have_defaults_that_routes_and_destinations_change(tmp_path: Path) -> None:
    assert retry(tmp_path) == RetryPolicy(8, 1.0, 300.0)
    assert retry(tmp_path, "criticality: financial\n") == RetryPolicy(12, 2.0, 600.0)
    assert retry(tmp_path, "retry: {attempts: 3}\n") == RetryPolicy(3, 1.0, 300.0)
    both = retry(tmp_path, "retry: {attempts: 3, backoff: 5s}\n", ", retry: {backoff: 1s..2s}")
    assert both == RetryPolicy(3, 1.0, 2.0)


def test_a_plan_has_every_connection_that_its_routes_use(tmp_path: Path) -> None:
    destination = "to: {out: {memory: {queue: out}, verify: {memory: {queue: q}, done_if: status == `200`}}}\n"
    found = plan(tmp_path, HEAD + FROM + destination, connections="connections: {memo: {memory: {}}}\n")
    assert (found.project, found.plant) == ("works", "works")
    assert {name: spec.id for name, (spec, _) in found.connections.items()} == {"memo": "memory", "memory": "memory"}
    verify = found.routes["one"].destinations["out"].verify
    assert verify is not None
    assert verify.done_if({"status": 200}, {}) is True


def test_classes_of_errors_keep_their_order(tmp_path: Path) -> None:
    classify = ", classify: {BusinessRejected: body.code == 'CLOSED', Transient: true}"
    route = only(tmp_path, f"{HEAD}{FROM}to: {{out: {{memory: {{queue: out}}{classify}}}}}\n")
    answer: Value = {"body": {"code": "CLOSED"}}
    names = [name for name, condition in route.destinations["out"].classify if condition(answer, {})]
    assert names == ["BusinessRejected", "Transient"]


def test_a_version_is_compiled_again_from_its_text(tmp_path: Path) -> None:
    text = HEAD + FROM + TO + "key: a\nsteps: [{filter: a}]\nafter_dead_letter: continue\nowner: me\ndescription: d\n"
    route = only(tmp_path, text, plant="plant: linz\nvariables: {x: 1}\n")
    again = compile_route_text(route.text)
    assert (again.text, again.digest) == (route.text, route.digest)
    assert (again.name, again.owner, again.description, again.after_dead_letter) == ("one", "me", "d", "continue")
    assert again.variables == {"plant": {"id": "linz", "x": 1}, "vars": {"x": 1}}
    assert len(again.digest) == 16
