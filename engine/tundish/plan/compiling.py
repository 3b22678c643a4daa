"""A loaded project as plans: every name is replaced by what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tundish.config import Project, RouteDeclaration
from tundish.config.kinds.route import ReplyFields, RetryFields
from tundish.config.project import DestinationDeclaration, EndpointDeclaration, FormatDeclaration
from tundish.config.versions import Versions, restored_project
from tundish.formats.containers import ContainerKind, contained
from tundish.formats.contract import Format
from tundish.model import Settings
from tundish.plan.criticality import CRITICALITY
from tundish.plan.route import DestinationPlan, Endpoint, Plan, ReplyPlan, RetryPolicy, RoutePlan, VerifyPlan
from tundish.plan.steps.building import Site
from tundish.sdk import ConnectorSpec, Registry, RouteFacts


def compile_project(project: Project) -> Plan:
    """Every route of a project, ready to run. Loading has found all faults; this finds no more."""
    versions = Versions(project)
    routes = {name: _compile_route(project, route, versions) for name, route in project.routes.items()}
    connections: dict[str, tuple[ConnectorSpec, Settings]] = {
        name: (connection.connector, connection.settings) for name, connection in project.connections.items()
    }
    for plan in routes.values():
        for endpoint in _endpoints(plan):
            # A connector that needs no settings has a connection of its own name, without being declared.
            if endpoint.connection not in connections:
                connections[endpoint.connection] = (endpoint.connector, endpoint.connector.connection.settings())
    return Plan(project=project.name, plant=project.plant, routes=routes, connections=connections)


def compile_route_text(text: str, registry: Registry | None = None) -> RoutePlan:
    """A route version from its stored text (`RoutePlan.text`), for the messages that came with it.

    Raises ConfigurationError where it cannot be used any more, e.g. because a connector was uninstalled.
    """
    project = restored_project(text, registry)
    name = next(iter(project.routes))
    return _compile_route(project, project.routes[name], Versions(project))


def _compile_route(project: Project, route: RouteDeclaration, versions: Versions) -> RoutePlan:
    fields = route.fields
    text, digest = versions.of(route.name)
    site = Site(project, route, ())
    steps = site.below("steps").steps(fields.steps)
    lookups = {name: _endpoint(found.endpoint) for name, found in project.lookups.items() if name in route.lookups}
    variables = project.variables
    contract = fields.source.contract
    return RoutePlan(
        name=route.name,
        owner=fields.owner,
        description=fields.description,
        text=text,
        digest=digest,
        source=_endpoint(route.source),
        format=_format(route.format, fields.source.container),
        contract=project.contracts[contract].faults if contract is not None else None,
        facts=_facts(project, route),
        reply=_reply(site, fields.reply),
        key=site.expression("key") if fields.key is not None else None,
        once=tuple(site.expression("once", index) for index in range(len(fields.once))),
        find=tuple((name, site.expression("find_by", name)) for name in fields.find_by),
        steps=steps,
        awaits=any(step.awaits for step in steps),
        lookups=lookups,
        destinations={name: _destination(site, found) for name, found in route.destinations.items()},
        after_dead_letter=fields.after_dead_letter,
        variables={"plant": {"id": project.plant, **variables}, "vars": variables},
        place=route.place,
    )


def _facts(project: Project, route: RouteDeclaration) -> RouteFacts:
    fields = route.fields
    contract = fields.source.contract
    return RouteFacts(
        name=route.name,
        description=fields.description,
        content_type=_format(route.format, fields.source.container).content_type,
        contract=contract or "",
        schema=project.contracts[contract].schema if contract is not None else None,
        replies=fields.reply is not None,
    )


def _reply(site: Site, reply: ReplyFields | None) -> ReplyPlan | None:
    if reply is None:
        return None
    body = site.expression("reply", "body") if reply.body is not None else None
    return ReplyPlan(reply.within, body, site.below("reply").place)


def _destination(site: Site, declared: DestinationDeclaration) -> DestinationPlan:
    fields = declared.fields
    here = site.below("to", declared.name)
    verify: VerifyPlan | None = None
    if declared.verify is not None:
        verify = VerifyPlan(_endpoint(declared.verify), here.expression("verify", "done_if"))
    mapping = site.project.mappings[fields.map] if fields.map is not None else None
    route = site.route.fields
    return DestinationPlan(
        name=declared.name,
        endpoint=_endpoint(declared.endpoint),
        format=_format(declared.format, fields.container),
        when=here.expression("when") if fields.when is not None else None,
        map=mapping.evaluate if mapping is not None else None,
        retry=_retry(CRITICALITY[route.criticality], route.retry, fields.retry),
        verify=verify,
        classify=tuple((name, here.expression("classify", name)) for name in fields.classify),
        takes=fields.takes,
        acknowledged_within=fields.acknowledged_within,
        concurrency=fields.concurrency,
        place=declared.place,
    )


def _retry(policy: RetryPolicy, *written: RetryFields | None) -> RetryPolicy:
    """The later ones go over the earlier ones, field by field."""
    for retry in written:
        if retry is not None and retry.attempts is not None:
            policy = replace(policy, attempts=retry.attempts)
        if retry is not None and retry.backoff is not None:
            policy = replace(policy, first=retry.backoff.first, longest=retry.backoff.longest)
    return policy


def _endpoint(declared: EndpointDeclaration) -> Endpoint:
    return Endpoint(declared.connector, declared.settings, declared.connection)


def _format(declared: FormatDeclaration, container: ContainerKind | None) -> Format:
    return contained(declared.format, container)


def _endpoints(plan: RoutePlan) -> Iterator[Endpoint]:
    yield plan.source
    yield from plan.lookups.values()
    for destination in plan.destinations.values():
        yield destination.endpoint
        if destination.verify is not None:
            yield destination.verify.endpoint
