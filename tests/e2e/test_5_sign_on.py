"""Members log in by an identity provider, which is a pod: who has an account gets their own JupyterLab, and nobody else gets any."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import urllib3

from .certificates import self_signed
from .cluster import Cluster
from .conftest import HIDDEN, NAMESPACE
from .hub import HubSession, printed
from .kube import forwarded, items, kubectl
from .others import CPU, own_namespace, small_settings
from .strangers import NOBODY

NAME, SECRET, PROVIDER, PORT = "signon", "provider-client", "provider", 8443
HOST = f"{PROVIDER}.e2e-{NAME}-{NAMESPACE}.svc"
CALLBACK = "https://jupyter.e2e.test/hub/oauth_callback"
PROGRAM = Path(__file__).with_name("identity_provider.py")
# ada has neither a password nor a key, and grace's account has expired.
SHADOW = "ada:*:::::::\ngrace:*::::::1:\n"
USERNAMES = {"248289761001": "ada", "248289761002": "grace"}
READY_SECONDS = 60


@dataclass
class SignOn:
    """The cluster, its provider, and ports of this machine that lead to both.

    Attributes:
        cluster: the cluster.
        client_secret: what the provider knows the hub by.
        hub: port of the hub.
        provider: port of the provider.
        certificate: the provider's, which the browser trusts.
        passed: what went through browsers and is a secret: codes.
    """

    cluster: Cluster
    client_secret: str = field(repr=False)
    hub: int
    provider: int
    certificate: Path
    passed: list[str] = field(default_factory=list, repr=False)

    def at_hub(self, browser: requests.Session, path: str, allow_redirects: bool = True) -> requests.Response:
        """A page of the hub."""
        return browser.get(f"http://127.0.0.1:{self.hub}{path}", timeout=30, allow_redirects=allow_redirects)

    def to_provider(self, browser: requests.Session) -> str:
        """Where the hub's button sends a browser."""
        page = self.at_hub(browser, "/hub/login").text
        assert "Sign in with the provider of this test" in page
        (button,) = re.findall(r"href='(/hub/oauth_login[^']*)'", page)
        return self.at_hub(browser, unescape(button), allow_redirects=False).headers["Location"]

    def back(self, location: str, name: str) -> str:
        """Where the provider sends somebody back to, as a path of the hub."""
        url = urlsplit(location)
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"https://{HOST}:{PORT}/authorize"
        there = urllib3.HTTPSConnectionPool("127.0.0.1", self.provider, ca_certs=str(self.certificate), server_hostname=HOST, assert_hostname=HOST)
        reply = there.request("GET", f"{url.path}?{url.query}&as={name}", redirect=False)
        assert (reply.status, reply.headers["Location"].partition("?")[0]) == (302, CALLBACK)
        self.passed += parse_qs(urlsplit(reply.headers["Location"]).query)["code"]
        return f"/hub/oauth_callback?{urlsplit(reply.headers['Location']).query}"

    def log_in(self, browser: requests.Session, name: str) -> requests.Response:
        """The hub's answer to somebody who comes back from the provider."""
        return self.at_hub(browser, self.back(self.to_provider(browser), name), allow_redirects=False)


def settings() -> dict[str, object]:
    sign_on = {
        "client_id": "lab",
        "secret": SECRET,
        **{
            key: f"https://{HOST}:{PORT}/{page}"
            for key, page in (("authorize_url", "authorize"), ("token_url", "token"), ("userdata_url", "userinfo"))
        },
        "callback_url": CALLBACK,
        "usernames": USERNAMES,
        "required_claims": {"groups": "staff"},
        "login_service": "the provider of this test",
    }
    there = small_settings(NAME, ssh_key="") | {
        "users": [{"name": "ada", "uid": 1001}, {"name": "grace", "uid": 1002}],
        "shadow_secret": "hashes",
        "workers": [{"replicas": 0}],
        "jupyter": {"hub": {"sign_on": sign_on}},
        "frontend": {name: {"cpu": CPU} for name in ("controller", "hub", "jupyter", "proxy", "sshd")},
    }
    network = {"frontend": {"internet": False, "to": [{"pod_labels": {"app": PROVIDER}, "ports": [PORT]}]}}
    return there | {"network": there.get("network", {}) | network}


def provider(cluster: Cluster, image: str) -> list[dict[str, object]]:
    """The objects of the provider."""
    files = {"program": "/run/program", "tls": "/run/tls", "client": "/run/client"}
    command = [
        "python3",
        "/run/program/identity_provider.py",
        str(PORT),
        "/run/tls/tls.crt",
        "/run/tls/tls.key",
        "/run/client/client_secret",
        CALLBACK,
    ]
    container = {
        "name": "provider",
        "image": image,
        "command": command,
        "securityContext": NOBODY,
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in files.items()],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    volumes = [
        {"name": "program", "configMap": {"name": "provider-program"}},
        {"name": "tls", "secret": {"secretName": "provider-tls"}},
        {"name": "client", "secret": {"secretName": SECRET}},
    ]
    pod_spec = {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0, "containers": [container], "volumes": volumes}
    service_spec = {"selector": {"app": PROVIDER}, "ports": [{"port": PORT}]}
    return [
        item("ConfigMap", "provider-program", data={PROGRAM.name: PROGRAM.read_text()}),
        item("Pod", PROVIDER, spec=pod_spec),
        item("Service", PROVIDER, spec=service_spec),
    ]


def item(kind: str, name: str, **fields: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "labels": {"app": name}}, **fields}


def apply(cluster: Cluster, *objects: dict[str, object]) -> None:
    cluster.kubectl("apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


@pytest.fixture(scope="module")
def lab(directory: Path, pytestconfig: pytest.Config) -> Iterator[SignOn]:
    cluster, client_secret = Cluster.synthesized(settings(), directory / NAME), secrets.token_urlsafe(24)
    pytestconfig.stash[HIDDEN].append(client_secret)
    certificate, key = self_signed(HOST, directory / NAME)
    with own_namespace(cluster):
        kubectl("create", "namespace", cluster.namespace)
        apply(
            cluster,
            item("Secret", SECRET, stringData={"client_secret": client_secret, "ca.crt": certificate.read_text()}),
            item("Secret", "provider-tls", stringData={"tls.crt": certificate.read_text(), "tls.key": key.read_text()}),
            item("Secret", "hashes", stringData={"shadow": SHADOW}),
        )
        cluster.apply()
        (deployment,) = items("deployments", "--namespace", cluster.namespace, "--selector", cluster.selector("frontend"))
        apply(cluster, *provider(cluster, deployment["spec"]["template"]["spec"]["containers"][0]["image"]))
        cluster.kubectl("wait", "--for=condition=Ready", f"pod/{PROVIDER}", f"--timeout={READY_SECONDS}s", seconds=READY_SECONDS + 10)
        cluster.wait_until_frontend_is_ready()
        with cluster.forward("jupyter", 80) as hub, forwarded(cluster.namespace, f"pod/{PROVIDER}", PORT) as port:
            yield SignOn(cluster, client_secret, hub, port, certificate)


def text(page: requests.Response) -> str:
    """What a page says."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", page.text)).split())


def test_a_name_that_is_an_accounts_has_its_own_jupyterlab(lab: SignOn) -> None:
    member = HubSession(f"http://127.0.0.1:{lab.hub}", "ada")
    assert lab.log_in(member.http, "248289761001").status_code == 302
    member.ask("GET", "/hub/token").raise_for_status()
    member.start_server()
    with member.kernel() as kernel:
        assert printed(kernel, "import os; print(os.getuid(), os.path.expanduser('~'))").split() == ["1001", "/home/ada"]


@pytest.mark.parametrize("name", ["ada", "24828976100", "root"])
def test_a_name_that_is_no_accounts_gets_a_page_that_says_so(lab: SignOn, name: str) -> None:
    browser = requests.Session()
    page = lab.log_in(browser, name)
    assert page.status_code == 403
    assert f"the provider of this test says that you are '{name}', which is the name of no account in this cluster. Ask whoever" in text(page)
    # And is nobody at the hub.
    assert lab.at_hub(browser, "/hub/home").url.partition("?")[0].endswith("/hub/login")


def test_a_name_of_a_locked_account_gets_a_page_that_says_so(lab: SignOn) -> None:
    page = lab.log_in(requests.Session(), "248289761002")
    assert page.status_code == 403
    assert "you are '248289761002', whose account in this cluster is 'grace': there is none of that name, or it is locked" in text(page)


def test_nobody_logs_in_by_a_login_that_another_browser_began(lab: SignOn) -> None:
    began = requests.Session()
    path = lab.back(lab.to_provider(began), "248289761001")
    other = requests.Session()
    assert lab.at_hub(other, path).status_code == 400
    lab.to_provider(other)
    assert "state mismatch" in text(lab.at_hub(other, path))
    # It was not used up by that.
    assert lab.at_hub(began, path, allow_redirects=False).status_code == 302


def test_nobody_logs_in_by_a_code_of_another_browser(lab: SignOn) -> None:
    (stolen,) = parse_qs(urlsplit(lab.back(lab.to_provider(requests.Session()), "248289761001")).query)["code"]
    own = requests.Session()
    (state,) = parse_qs(urlsplit(lab.to_provider(own)).query)["state"]
    page = lab.at_hub(own, f"/hub/oauth_callback?code={stolen}&state={state}")
    assert page.status_code == 502
    assert "did not tell who you are" in text(page)


def test_no_password_is_asked_for(lab: SignOn) -> None:
    browser = requests.Session()
    assert "password" not in text(lab.at_hub(browser, "/hub/login")).lower()
    token = next(cookie.value for cookie in browser.cookies if cookie.name == "_xsrf")
    form = {"username": "ada", "password": "", "_xsrf": token or ""}
    # For want of what the provider sends browsers back with.
    assert browser.post(f"http://127.0.0.1:{lab.hub}/hub/login", data=form, timeout=30, allow_redirects=False).status_code == 400
    assert lab.at_hub(browser, "/hub/home").url.partition("?")[0].endswith("/hub/login")


def test_the_clients_secret_is_in_its_secret_and_in_the_hub_alone(lab: SignOn) -> None:
    cluster = lab.cluster
    log = cluster.kubectl("logs", f"deployment/{NAME}-frontend", "--container", "hub")
    # It was told to a provider that repeated it.
    assert "/token: HTTP 400: Bad Request invalid_grant" in log
    texts = {
        "logs": cluster.kubectl("logs", f"deployment/{NAME}-frontend", "--all-containers"),
        "objects": json.dumps(items("configmaps,pods,deployments,events", "--namespace", cluster.namespace)),
        "files": "".join(file.read_text() for file in cluster.dist.iterdir()) + cluster.summary,
        "environments": cluster.execute(
            "deployment/frontend", "hub", "sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null || true"
        ),
    }
    assert len(lab.passed) > 5
    for secret in (lab.client_secret, base64.b64encode(lab.client_secret.encode()).decode().rstrip("="), *lab.passed):
        assert [where for where, found in texts.items() if secret in found] == []
    seeing = {
        container: cluster.execute("deployment/frontend", container, "sh", "-c", "ls /run/sign-on 2>/dev/null || true").split()
        for container in ("hub", "jupyter", "proxy", "sshd", "controller")
    }
    assert seeing == {"hub": ["ca.crt", "client_secret"], "jupyter": [], "proxy": [], "sshd": [], "controller": []}
