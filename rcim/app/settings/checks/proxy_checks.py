"""What the networks of proxies have to be (OP-01)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.base.networks import networks_of

NETWORKS_MAX = 100
"""Each is compared with the address of every connection that is accepted."""


def wrong_networks(texts: Sequence[str]) -> str | None:
    """What is wrong with the networks of a setting; None if nothing is."""
    if len(texts) > NETWORKS_MAX:
        return f"at most {NETWORKS_MAX} networks"
    try:
        networks_of(texts)
    except ValueError as error:
        return f"each has to be an address or a network such as 10.0.0.0/8 ({error})"
    return None


def trusts_everybody(texts: Sequence[str]) -> bool:
    """True if one of the networks is all of the internet: then everybody can say to come from anywhere."""
    return any(network.prefixlen == 0 for network in networks_of(texts))
