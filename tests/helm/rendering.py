"""Manifests as `helm install` would send them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, cast

import yaml
from helm_python import Chart

from tests.helm.value_sets import CHART, SETS

RELEASE: Final = "edge"

Manifest = dict[str, Any]


@cache
def chart() -> Chart:
    """Read once: the engine is slow to start."""
    return Chart.load(CHART)


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """What each template becomes. Raises HelmError."""
    return chart().render(dict(values), name=RELEASE, namespace="radius")


def rendered(values: Mapping[str, Any]) -> list[Manifest]:
    """All manifests. Raises HelmError."""
    documents = [
        document
        for name, text in texts(values).items()
        if not name.endswith("NOTES.txt")
        for document in yaml.safe_load_all(text)
    ]
    return [cast(Manifest, document) for document in documents if document is not None]


@cache
def of_set(name: str) -> tuple[Manifest, ...]:
    """Manifests of one of the value sets."""
    return tuple(rendered(SETS[name]))


def one(manifests: tuple[Manifest, ...], kind: str, name: str = "") -> Manifest:
    """The one of that kind, and of that name behind the release's."""
    whole = f"{RELEASE}-bngcorr{name}"
    (found,) = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == whole]
    return found


def workload(manifests: tuple[Manifest, ...]) -> Manifest:
    """Deployment or StatefulSet of `bngcorr serve`."""
    (found,) = [
        each
        for each in manifests
        if each["kind"] in {"Deployment", "StatefulSet"} and each["metadata"]["name"] == f"{RELEASE}-bngcorr"
    ]
    return found


def pods(manifests: tuple[Manifest, ...]) -> list[Manifest]:
    """Specs of all pods that would run."""
    return [
        each["spec"] if each["kind"] == "Pod" else each["spec"]["template"]["spec"]
        for each in manifests
        if each["kind"] in {"Deployment", "StatefulSet", "Pod"}
    ]
