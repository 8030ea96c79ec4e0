"""What operators might set: each a whole values file, built on the one in helm/bngcorr/ci."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).parents[2] / "helm" / "bngcorr"

Values = dict[str, Any]


def shipped(name: str) -> Values:
    """A values file of the chart."""
    values: Values = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text())
    return values


def over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """As Helm lays one values file over another: mappings are merged, all else is replaced."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


PRODUCTION: Final = shipped("production")
TRIAL: Final = shipped("trial")

_AAA = {"secret_file": "/etc/bngcorr/secrets/aaa"}
_POOL = {
    "policy": "load_balance",
    "probe": True,
    "servers": [
        {"name": "north", "address": "192.0.2.20:1812", "timeout": "8s", **_AAA},
        {"name": "south", "address": "[2001:db8::21]:1812", **_AAA},
    ],
}
_BNG = {"secret_file": "/etc/bngcorr/secrets/bng1"}

SETS: Final[dict[str, Values]] = {
    "production": PRODUCTION,
    "trial": TRIAL,
    "spool": over(
        PRODUCTION,
        {
            "config": {"spool": {"enabled": True, "drain": "1m", "max_octets": 2147483648}},
            "persistence": {"storageClass": "fast", "annotations": {"example.net/backup": "no"}},
        },
    ),
    "spool-in-short": over(PRODUCTION, {"config": {"spool": True}, "replicas": 3}),
    "history": over(PRODUCTION, {"config": {"history": {"directory": "/var/lib/bngcorr/history"}}}),
    "host-network": over(PRODUCTION, {"hostNetwork": True, "service": {"type": "ClusterIP"}}),
    "dual-stack-load-balancer": over(
        PRODUCTION,
        {
            "service": {
                "ipFamilyPolicy": "RequireDualStack",
                "ipFamilies": ["IPv6", "IPv4"],
                "annotations": {"metallb.io/loadBalancerIPs": "192.0.2.200,2001:db8::200"},
                "loadBalancerClass": "metallb.io/metallb",
                "loadBalancerSourceRanges": ["198.51.100.0/24"],
                "sessionAffinity": "ClientIP",
            }
        },
    ),
    "node-port": over(PRODUCTION, {"service": {"type": "NodePort", "nodePorts": {"1812": 31812, "1813": 31813}}}),
    "pool": over(
        {**PRODUCTION, "config": {**PRODUCTION["config"], "upstream": {"auth": _POOL, "pools": {"partner": _POOL}}}},
        {"config": {"listen": {"acct": [], "auth": ["0.0.0.0:1645", "[::]:1645", "0.0.0.0:1812"]}}},
    ),
    "coa": over(
        PRODUCTION,
        {
            "config": {
                "dynauth": {
                    "listen": ["0.0.0.0:3799"],
                    "clients": [{"name": "aaa1", "address": ["192.0.2.10", "2001:db8::10"], **_AAA}],
                    "remedy": {"v6_lost": False},
                },
                "bngs": [
                    {"name": "edge", "address": ["198.51.100.0/28", "2001:db8:0:1::/64"], **_BNG},
                    {
                        "name": "far",
                        "address": "198.51.100.77",
                        "dynauth": {"address": "203.0.113.7", "port": 1700},
                        "limits": {"host_resources": 65536, "cards": {"1": 32768, "*": 16384}},
                        **_BNG,
                    },
                ],
            }
        },
    ),
    "monitoring": over(
        PRODUCTION,
        {
            "config": {"monitors": [{"address": "10.0.0.0/8", **_BNG}]},
            "metrics": {
                "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}, "webTokenKey": "web-token"},
                "prometheusRule": {"enabled": True, "docsUrl": "https://docs.example.net/bngcorr/"},
                "grafanaDashboard": {"enabled": True},
            },
            "tests": {"secretKey": "bng1"},
        },
    ),
    "tls": over(
        PRODUCTION,
        {
            "config": {
                "web": {
                    "listen": "[::]:8443",
                    "tls": {"certificate": "/etc/bngcorr/secrets/tls.crt", "key": "/etc/bngcorr/secrets/tls.key"},
                }
            },
            "web": {"replicas": 2, "service": {"type": "LoadBalancer", "port": 443}},
        },
    ),
    "loopback-web": over(
        {**PRODUCTION, "config": {**PRODUCTION["config"], "web": {}}}, {"config": {"web": {"listen": "127.0.0.1:8080"}}}
    ),
    "without-much": over(
        PRODUCTION,
        {
            "web": {"enabled": False},
            "networkPolicy": {"enabled": False},
            "podDisruptionBudget": {"enabled": False},
            "serviceAccount": {"create": False},
            "rollOnConfigChange": False,
        },
    ),
    "everything-placed": over(
        PRODUCTION,
        {
            "commonLabels": {"team": "access"},
            "podLabels": {"tier": "edge"},
            "podAnnotations": {"example.net/a": "b"},
            "imagePullSecrets": [{"name": "registry"}],
            "priorityClassName": "system-cluster-critical",
            "nodeSelector": {"role": "edge"},
            "tolerations": [{"key": "edge", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app.kubernetes.io/component": "serve"}},
                }
            ],
            "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
            "env": [{"name": "TZ", "value": "UTC"}],
            "extraVolumes": [{"name": "plan", "configMap": {"name": "plan"}}],
            "extraVolumeMounts": [{"name": "plan", "mountPath": "/etc/plan"}],
            "terminationGracePeriodSeconds": 90,
            "networkPolicy": {
                "radiusFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
                "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
                "webFrom": [{"podSelector": {"matchLabels": {"app": "ingress"}}}],
                "store": {"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [6379, 26379]},
                "dns": {"to": [{"namespaceSelector": {}}]},
            },
        },
    ),
}
