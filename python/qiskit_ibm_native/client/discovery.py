# SPDX-License-Identifier: Apache-2.0
"""Instances of an account. They are fetched if no CRN is given only: it takes two services and several requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from .._logger import logger
from .._redaction import without_secrets
from ..exceptions import ApiIBMProtocolError, IBMInputValueError

if TYPE_CHECKING:
    from ..accounts import Account
    from .auth import Authenticator
    from .endpoint import Endpoint
    from .transport import Transport

#: Pricing types of plans in the order in which instances are used: free ones first.
_PRICING = ("free", "trial", "paygo", "paid", "subscription")
#: Largest number of pages of a hundred instances: more is a service that repeats itself.
_MAX_PAGES = 100


@dataclass(frozen=True)
class Instance:
    """An instance of the IBM Quantum Platform.

    Attributes:
        crn: Cloud resource name, which identifies the instance.
        name: Name that its owner gave it.
        plan: Name of its plan in lower case.
        pricing_type: Pricing type of the plan, such as ``"free"``.
        tags: Tags of the instance.

    Examples:
        >>> from qiskit_ibm_native import Instance
        >>> instance = Instance(
        ...     crn="crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::",
        ...     name="ours",
        ...     plan="open",
        ...     pricing_type="free",
        ...     tags=(),
        ... )
        >>> instance.region
        'us-east'
    """

    crn: str = field(repr=False)
    name: str
    plan: str
    pricing_type: str
    tags: tuple[str, ...]

    @property
    def region(self) -> str:
        """The region of the instance, such as ``"us-east"``."""
        parts = self.crn.split(":")
        return parts[5] if len(parts) > 5 else ""


def fetch_instances(endpoint: Endpoint, authenticator: Authenticator, transport: Transport) -> list[Instance]:
    """Return the instances of an account, free ones first.

    Raises:
        IBMApiError: The search fails.
        IBMNotAuthorizedError: The API key is not accepted.
    """
    plans: dict[str, tuple[str, str]] = {}
    instances = []
    with transport.call():
        for item in _search(endpoint, authenticator, transport):
            plan_id = str(item.get("service_plan_unique_id", ""))
            if plan_id not in plans:
                plans[plan_id] = _plan(endpoint, authenticator, transport, plan_id)
            name, tags = str(item.get("name", "")), tuple(item.get("tags") or ())
            instances.append(Instance(str(item.get("crn", "")), name, *plans[plan_id], tags))
    return sorted(instances, key=lambda instance: (_rank(instance.pricing_type), instance.name))


def _rank(pricing_type: str) -> int:
    return _PRICING.index(pricing_type) if pricing_type in _PRICING else len(_PRICING)


def _search(endpoint: Endpoint, authenticator: Authenticator, transport: Transport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    for _ in range(_MAX_PAGES):
        query: dict[str, Any] = {
            "query": "service_name:quantum-computing",
            "fields": ["crn", "service_plan_unique_id", "name", "doc", "tags"],
        }
        if cursor:
            query["search_cursor"] = cursor
        page = _fetch_object(
            authenticator, transport, "POST", f"{endpoint.search_url}/v3/resources/search", {"items": list},
            headers={"Content-Type": "application/json"}, params={"limit": 100}, body=orjson.dumps(query),
        )  # fmt: skip
        found += [item for item in page["items"] if isinstance(item, dict) and item.get("crn")]
        cursor = page.get("search_cursor")
        if not cursor or not page["items"]:
            return [item for item in found if (item.get("doc") or {}).get("extensions")]
    raise ApiIBMProtocolError(
        f"The search for instances did not end within {_MAX_PAGES} pages. Give the CRN of one: instance=..."
    )


def _fetch_object(
    authenticator: Authenticator,
    transport: Transport,
    method: str,
    url: str,
    required: Mapping[str, type],
    **options: Any,
) -> dict[str, Any]:
    """Return the body of a response, an object with the required members."""
    label = f"{method} /{url.split('/', 3)[-1]}"
    headers = {"Accept": "application/json", **options.pop("headers", {})}
    reply = authenticator.authorized(
        headers,
        lambda: transport.request(
            method,
            url,
            label,
            headers=headers,
            repeatable=True,
            check=lambda reply: reply.object(**required),
            **options,
        ),
    )
    return reply.object(**required)


def _plan(endpoint: Endpoint, authenticator: Authenticator, transport: Transport, plan_id: str) -> tuple[str, str]:
    """Return name and pricing type of a plan, ``unknown`` if the catalog fails: instances can be used without them."""
    from ..exceptions import IBMError

    try:
        required: dict[str, type] = {"overview_ui": dict, "metadata": dict}
        content = _fetch_object(authenticator, transport, "GET", f"{endpoint.catalog_url}/{plan_id}", required)
        return (
            str(content["overview_ui"]["en"]["display_name"]).lower(),
            str(content["metadata"]["pricing"]["type"]).lower(),
        )
    except (IBMError, KeyError, TypeError) as error:
        logger.warning("The plan %s could not be looked up: %s", plan_id, error)
        return "unknown", "unknown"


def choose_instances(instances: list[Instance], account: Account | None, wanted: str | None) -> list[Instance]:
    """Return the instances to use, in the order of preference.

    Args:
        instances: All instances of the account.
        account: Account with preferences for region, plan and tags.
        wanted: Name or CRN of an instance, in place of the preferences.

    Raises:
        IBMInputValueError: No instance is left.
    """
    if wanted is not None:
        chosen = [instance for instance in instances if wanted in (instance.crn, instance.name)]
        known = ", ".join(repr(instance.name) for instance in instances) or "none"
        if not chosen:
            asked = without_secrets(repr(wanted))
            raise IBMInputValueError(f"The account has no instance {asked}; it has: {known}.")
        return chosen
    chosen = instances
    if account is not None:
        if account.region:
            chosen = [instance for instance in chosen if instance.region == account.region]
        if account.tags:
            chosen = [instance for instance in chosen if set(account.tags) <= set(instance.tags)]
        if account.plans_preference:
            order = [plan.lower() for plan in account.plans_preference]
            chosen = [instance for instance in chosen if instance.plan in order]
            chosen.sort(key=lambda instance: order.index(instance.plan))
    if not chosen:
        raise IBMInputValueError(
            f"No instance of the account fits (region {getattr(account, 'region', None)!r}); the account has"
            f" {len(instances)} instances. Create one at https://quantum.cloud.ibm.com, or give instance=<CRN>."
        )
    return chosen
