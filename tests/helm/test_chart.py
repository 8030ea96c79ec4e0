"""The chart renders into what Kubernetes takes and bngcorr can run with, and into what its values say."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python import HelmError, lint

from bngcorr.config import Config, load
from tests.helm.rendering import Manifest, of_set, one, pods, rendered, texts, workload
from tests.helm.value_sets import CHART, PRODUCTION, SETS, TRIAL, over

ROOT = CHART.parents[1]
VERSIONS = ("1.27", "1.37")  # the oldest that Chart.yaml allows, and the newest that is known here
SECRETS = "/etc/bngcorr/secrets"


def files_made() -> dict[Path, str]:
    """What helm/build.py would write."""
    spec = importlib.util.spec_from_file_location("helm_build", ROOT / "helm" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[Path, str] = module.files()
    return made


def config_file(manifests: tuple[Manifest, ...], folder: Path) -> Path:
    """The rendered configuration, with its secrets in `folder`."""
    text = one(manifests, "ConfigMap")["data"]["bngcorr.yaml"].replace(SECRETS, str(folder))
    for name in ("aaa", "bng1", "tls.crt", "tls.key"):
        (folder / name).write_text("example-secret\n")
    (folder / "store-url").write_text("rediss://bngcorr:example@valkey.example.net:6379/0\n")
    file = folder / "bngcorr.yaml"
    file.write_text(text)
    return file


def test_what_the_chart_has_from_elsewhere_is_up_to_date() -> None:
    """The schema follows the configuration's models; rules and dashboard are those of conf/. Else: `make chart`."""
    stale = [str(path.relative_to(ROOT)) for path, text in files_made().items() if text != path.read_text()]

    assert [] == stale


@pytest.mark.parametrize("values", [{}, PRODUCTION, TRIAL], ids=["defaults", "production", "trial"])
def test_the_chart_has_nothing_that_helm_lint_finds(values: dict[str, Any]) -> None:
    """Also of its defaults alone, to which an operator has to add BNGs and AAA."""
    report = lint(CHART, values, strict=True)

    assert [] == report["errors"]
    assert {1} >= {message["severity"] for message in report["messages"]}  # 1: it would like an icon


def test_installing_with_defaults_alone_says_what_is_missing() -> None:
    """They name no BNG: nothing useful could run."""
    with pytest.raises(HelmError, match=r"config\.bngs: tell which BNGs may ask"):
        rendered({})


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_manifest(name: str, version: str) -> None:
    """By the strict schemas of its API: no unknown key, no wrong type."""
    for manifest in of_set(name):
        if not manifest["apiVersion"].startswith("monitoring.coreos.com/"):  # the Prometheus operator's
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("name", SETS)
def test_the_rendered_configuration_is_sound(name: str, tmp_path: Path) -> None:
    """It says what `config` said, defaults of the chart included, and has no faults."""
    config = load(config_file(of_set(name), tmp_path))

    assert len(SETS[name]["config"]["bngs"]) == len(config.bngs)
    assert ("0.0.0.0", 9812) == config.health.listen
    assert 15.0 == config.listen.lameduck


def test_check_config_passes_what_is_mounted(tmp_path: Path) -> None:
    """The verb that the pods run before anything else."""
    file = config_file(of_set("coa"), tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "bngcorr", "check-config", "-c", str(file)], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"config": {"listen": {"lameduk": "5s"}}}, "lameduk"),
        ({"config": {"lsten": {}}}, "lsten"),
        ({"config": {"listen": {"lameduck": 5}}}, "lameduck"),
        ({"config": {"listen": {"lameduck": "5 sec"}}}, "lameduck"),
        ({"config": {"health": {"listen": "9812"}}}, "listen"),
        ({"config": {"log": {"level": "loud"}}}, "level"),
        ({"config": {"store": {"url": "http://valkey"}}}, "url"),
        ({"config": {"upstream": {"auth": {"adress": "192.0.2.1:1812"}}}}, "adress"),
        ({"config": {"upstream": {"auth": {"sockets": 2000}}}}, "sockets"),
        ({"config": {"bngs": [{"name": "b", "address": "192.0.2.1", "secret_file": "x", "modus": "full"}]}}, "modus"),
        ({"config": {"bngs": [{"address": "192.0.2.1", "secret_file": "x"}]}}, "name"),
        ({"config": {"bngs": []}}, "bngs"),
        ({"replicas": 0}, "replicas"),
        ({"replica": 2}, "replica"),
        ({"service": {"externalTrafficPolicy": "local"}}, "externalTrafficPolicy"),
        ({"web": {"service": {"port": "8080"}}}, "port"),
    ],
)
def test_a_typo_or_a_wrong_type_is_told_before_anything_is_installed(changes: dict[str, Any], told: str) -> None:
    """By the schema, with the place where it stands."""
    with pytest.raises(HelmError) as refused:
        rendered(over(PRODUCTION, changes))

    assert "values don't meet the specifications of the schema" in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("base", "changes", "told"),
    [
        (PRODUCTION, {"config": {"upstream": {"auth": {"secret": "s3cret"}}}}, "config.upstream.auth.secret: secrets"),
        (PRODUCTION, {"config": {"store": {"url": "redis://:s3cret@valkey/0"}}}, "config.store.url: a URL with a pass"),
        (PRODUCTION, {"config": {"web": {"tokens": []}}}, "config.web.tokens: web.listen can be reached"),
        (PRODUCTION, {"config": {"health": {"listen": "127.0.0.1:9812"}}}, "config.health.listen: kubelet"),
        (PRODUCTION, {"secrets": {"inline": {"aaa": "s3cret"}}}, "one of existingSecret and inline"),
        (PRODUCTION, {"terminationGracePeriodSeconds": 10}, "terminationGracePeriodSeconds: 10 is too short"),
        (TRIAL, {"replicas": 2}, "replicas: an embedded store is one pod's own"),
    ],
)
def test_values_that_cannot_work_together_are_refused_in_a_sentence(
    base: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    """It says what to do, and shows no secret."""
    with pytest.raises(HelmError) as refused:
        rendered(over(base, changes))

    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("name", SETS)
def test_no_container_may_do_more_than_it_has_to(name: str) -> None:
    """What the Pod Security Standard `restricted` asks, a read-only root file system, no token of the API server."""
    for pod in pods(of_set(name)):
        assert (False, True) == (pod["automountServiceAccountToken"], pod["securityContext"]["runAsNonRoot"])
        assert "RuntimeDefault" == pod["securityContext"]["seccompProfile"]["type"]
        assert not {"hostPID", "hostIPC"} & pod.keys()
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            context = container["securityContext"]
            assert (True, False) == (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"])
            assert {"drop": ["ALL"]} == context["capabilities"]
            assert {"requests", "limits"} <= container["resources"].keys()
        assert [] == [volume for volume in pod["volumes"] if "hostPath" in volume]


@pytest.mark.parametrize("name", SETS)
def test_a_pod_has_time_to_end(name: str, tmp_path: Path) -> None:
    """More than lameduck, the spool's drain and the longest deadline together."""
    manifests = of_set(name)
    config: Config = load(config_file(manifests, tmp_path))
    drain = config.spool.drain if config.spool.enabled else 0.0
    deadline = max(config.upstream.longest_timeout, config.dynauth.timeout)

    given = workload(manifests)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]

    assert config.listen.lameduck + drain + deadline + 10 <= given


def test_pods_are_replaced_one_by_one_with_nobody_missing() -> None:
    """The new one is there before the old one goes. Liveness asks for no store, readiness goes by the contract."""
    deployment = workload(of_set("production"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]

    assert "Deployment" == deployment["kind"]
    assert {"maxUnavailable": 0, "maxSurge": 1} == deployment["spec"]["strategy"]["rollingUpdate"]
    assert ["check-config"] == [c["name"] for c in deployment["spec"]["template"]["spec"]["initContainers"]]
    probes = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness", "startup")}
    assert {"liveness": "/healthz", "readiness": "/readyz", "startup": "/healthz"} == probes


@pytest.mark.parametrize("name", ["spool", "spool-in-short", "history", "trial"])
def test_a_pod_that_keeps_something_has_a_volume_of_its_own(name: str) -> None:
    """Spool, history and embedded store lie where the volume is mounted."""
    stateful = workload(of_set(name))
    (claim,) = stateful["spec"]["volumeClaimTemplates"]
    (mount,) = [
        m for m in stateful["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] if m["name"] == "state"
    ]

    assert ("StatefulSet", "state") == (stateful["kind"], claim["metadata"]["name"])
    assert mount["mountPath"] == stateful["spec"]["template"]["spec"]["containers"][0]["workingDir"]


def test_an_embedded_store_has_the_pages_in_the_same_pod() -> None:
    """Nobody else reaches its socket."""
    manifests = of_set("trial")

    assert ["serve", "web"] == [c["name"] for c in workload(manifests)["spec"]["template"]["spec"]["containers"]]
    assert [] == [each for each in manifests if each["metadata"]["name"].endswith("-web")]


def test_radius_and_http_are_services_of_their_own() -> None:
    """UDP at the BNGs' Service with their addresses kept, TCP inside the cluster."""
    manifests = of_set("production")
    radius, web = (one(manifests, "Service", name)["spec"] for name in ("-radius", "-web"))

    assert {("auth-1812", 1812, "UDP"), ("acct-1813", 1813, "UDP")} == {
        (port["name"], port["port"], port["protocol"]) for port in radius["ports"]
    }
    assert ("LoadBalancer", "Local", "PreferDualStack") == (
        radius["type"], radius["externalTrafficPolicy"], radius["ipFamilyPolicy"],
    )  # fmt: skip
    assert ("ClusterIP", [8080]) == (web["type"], [port["port"] for port in web["ports"]])


def test_ports_follow_the_configuration() -> None:
    """Each once, whichever addresses it is listened to at; none for what is not listened to."""
    ports = one(of_set("pool"), "Service", "-radius")["spec"]["ports"]

    assert ["auth-1645", "auth-1812"] == [port["name"] for port in ports]


def test_the_network_policy_lets_in_and_out_what_the_configuration_names() -> None:
    """BNGs and AAA's CoA in; AAA, the BNGs' CoA ports, the store and DNS out."""
    spec = one(of_set("coa"), "NetworkPolicy")["spec"]
    into = [
        (
            {port["port"] for port in rule["ports"]},
            [peer["ipBlock"]["cidr"] for peer in rule["from"] if "ipBlock" in peer],
        )
        for rule in spec["ingress"]
    ]
    out = [
        ([peer["ipBlock"]["cidr"] for peer in rule.get("to", [])], [port["port"] for port in rule["ports"]])
        for rule in spec["egress"]
    ]

    assert ({1812, 1813}, ["198.51.100.0/28", "2001:db8:0:1::/64", "198.51.100.77/32"]) == into[0]
    assert ({3799}, ["192.0.2.10/32", "2001:db8::10/128"]) == into[1]
    assert [
        (["192.0.2.10/32"], [1812]), (["192.0.2.10/32"], [1813]),
        (["198.51.100.0/28", "2001:db8:0:1::/64"], [3799]), (["203.0.113.7/32"], [1700]),
        ([], [6379]), ([], [53, 53]),
    ] == out  # fmt: skip


def test_secrets_are_files_and_inline_ones_a_secret() -> None:
    """An existing Secret is mounted as it is; the fallback makes one."""
    own, inline = of_set("production"), of_set("trial")
    mounted = [
        volume["secret"]["secretName"]
        for manifests in (own, inline)
        for volume in workload(manifests)["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    ]

    assert ["bngcorr", "edge-bngcorr"] == mounted
    assert [] == [each for each in own if each["kind"] == "Secret"]
    assert {"aaa", "bng1"} == one(inline, "Secret")["data"].keys()


def test_a_changed_configuration_rolls_the_pods_unless_that_is_switched_off() -> None:
    """They take it while they run, too; what needs a restart would wait."""

    def mark(values: dict[str, Any]) -> object:
        return workload(tuple(rendered(values)))["spec"]["template"]["metadata"]["annotations"].get("checksum/config")

    changed = over(PRODUCTION, {"config": {"log": {"level": "debug"}}})

    assert mark(PRODUCTION) != mark(changed)
    assert mark(over(changed, {"rollOnConfigChange": False})) is None


def test_monitoring_has_the_rules_and_the_dashboard_of_conf() -> None:
    """With links to the runbook that can be followed."""
    manifests = of_set("monitoring")
    groups = one(manifests, "PrometheusRule")["spec"]["groups"]
    ours = yaml.safe_load((ROOT / "conf" / "prometheus" / "bngcorr.rules.yaml").read_text())["groups"]
    links = [rule["annotations"]["runbook_url"] for group in groups for rule in group["rules"] if "alert" in rule]
    dashboard = one(manifests, "ConfigMap", "-dashboard")

    assert [group["name"] for group in ours] == [group["name"] for group in groups]
    assert [] == [link for link in links if not link.startswith("https://docs.example.net/bngcorr/docs/")]
    assert (ROOT / "conf" / "grafana" / "bngcorr.json").read_text().strip() == dashboard["data"]["bngcorr.json"].strip()
    selected = one(manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert selected.items() <= one(manifests, "Service", "-metrics")["metadata"]["labels"].items()


def test_helm_test_asks_through_the_service() -> None:
    """With a Status-Server, which goes no further than bngcorr."""
    pod = one(of_set("monitoring"), "Pod", "-test")

    assert "test" == pod["metadata"]["annotations"]["helm.sh/hook"]
    assert [
        "probe", "--status", "--to", "[$(EDGE_BNGCORR_RADIUS_SERVICE_HOST)]:1812",
        "--secret-file", "/etc/bngcorr/secrets/bng1",
    ] == pod["spec"]["containers"][0]["args"]  # fmt: skip


def test_pages_on_loopback_have_no_service() -> None:
    """Only kubectl port-forward reaches them, so no token is needed; kubelet asks from inside the pod."""
    manifests = of_set("loopback-web")
    (container,) = one(manifests, "Deployment", "-web")["spec"]["template"]["spec"]["containers"]

    assert "exec" in container["livenessProbe"]
    assert [] == [each for each in manifests if each["kind"] == "Service" and each["metadata"]["name"].endswith("-web")]


def test_notes_tell_how_to_see_whether_the_bngs_addresses_arrive() -> None:
    """And say it loudly where they can't."""
    (local,) = [text for name, text in texts(PRODUCTION).items() if name.endswith("NOTES.txt")]
    cluster_wide = over(PRODUCTION, {"service": {"externalTrafficPolicy": "Cluster"}})
    (cluster,) = [text for name, text in texts(cluster_wide).items() if name.endswith("NOTES.txt")]

    assert "unknown client" in local
    assert ">>> service.externalTrafficPolicy is Cluster" not in local
    assert ">>> service.externalTrafficPolicy is Cluster: that does. Set it to Local." in cluster
