"""FreeRADIUS as the AAA of a test, and radclient as its BNG."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.service.aaa import wait_until
from tests.service.ports import free_port
from tests.service.process import end
from tests.service.radius import ACCESS_REQUEST, ACCOUNTING_REQUEST, Packet, access_request, reply_fits

_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"

_CONF = """
name = radiusd
prefix = /usr
localstatedir = {folder}
libdir = {libdir}
logdir = {folder}
run_dir = {folder}
raddbdir = {folder}
pidfile = {folder}/radiusd.pid
max_request_time = 5
cleanup_delay = 5
max_requests = 4096
hostname_lookups = no
log {{
	destination = files
	file = {folder}/radius.log
}}
security {{
	allow_core_dumps = no
	max_attributes = 200
	reject_delay = 0
	status_server = yes
}}
proxy_requests = no
client proxy {{
	ipaddr = 127.0.0.1
	secret = {secret}
	require_message_authenticator = no
}}
thread pool {{
	start_servers = 1
	max_servers = 2
	min_spare_servers = 1
	max_spare_servers = 2
	max_requests_per_server = 0
}}
modules {{
	files {{
		usersfile = {folder}/users
	}}
	pap {{
	}}
	chap {{
	}}
	detail auth_log {{
		filename = {folder}/auth.detail
		permissions = 0600
	}}
	detail acct_log {{
		filename = {folder}/acct.detail
		permissions = 0600
	}}
{eap_module}
}}
server default {{
	listen {{
		type = auth
		ipaddr = 127.0.0.1
		port = {auth_port}
	}}
	listen {{
		type = acct
		ipaddr = 127.0.0.1
		port = {acct_port}
	}}
	authorize {{
		auth_log
		{eap}
		chap
		files
		pap
	}}
	authenticate {{
		{eap}
		Auth-Type PAP {{
			pap
		}}
		Auth-Type CHAP {{
			chap
		}}
	}}
	preacct {{
	}}
	accounting {{
		acct_log
	}}
}}
"""

_EAP = """
	eap {{
		default_eap_type = ttls
		tls-config tls-common {{
			private_key_file = {folder}/key.pem
			certificate_file = {folder}/certificate.pem
			ca_file = {folder}/certificate.pem
			tls_min_version = "1.2"
			tls_max_version = "1.2"
		}}
		ttls {{
			tls = tls-common
			virtual_server = default
		}}
	}}
"""

Entry = dict[str, list[str]]  # one record of a detail file: values by attribute name


@dataclass(frozen=True, slots=True)
class Answer:
    """What radclient received: the packet's name, and its attributes as it decoded them; name None: nothing."""

    name: str | None
    attributes: Entry


def attributes_of(lines: list[str]) -> Entry:
    """``\\tName = value`` lines, as radclient and the detail module write them."""
    entry: Entry = {}
    for line in lines:
        name, separator, value = line.strip().partition(" = ")
        if separator:
            entry.setdefault(name, []).append(value.strip('"'))
    return entry


def octets(value: str | bytes) -> str:
    """An octets attribute as FreeRADIUS writes it."""
    return "0x" + (value.encode() if isinstance(value, str) else value).hex()


class FreeRadius:
    """Knows lines and users by its `users` file; writes down every request it gets."""

    def __init__(self, folder: Path, secret: str, users: str, *, eap: bool = False) -> None:
        """`eap`: it speaks EAP-TTLS too, with a certificate of its own making."""
        self.folder, self.secret = folder, secret
        self.auth_port, self.acct_port = free_port(), free_port()
        (folder / "users").write_text(users)
        libdir = next((path for path in ("/usr/lib/freeradius", "/usr/lib64/freeradius") if Path(path).is_dir()), "")
        conf = _CONF.format(
            folder=folder, libdir=libdir, secret=secret, auth_port=self.auth_port, acct_port=self.acct_port,
            eap="eap" if eap else "", eap_module=_EAP.format(folder=folder) if eap else "",
        )  # fmt: skip
        if eap:
            self._make_certificate()
        (folder / "radiusd.conf").write_text(conf)
        for name in ("radiusd.conf", "users"):
            (folder / name).chmod(0o600)  # it refuses a configuration that others may write
        self._child: subprocess.Popen[bytes] | None = None
        self._started = False

    def _make_certificate(self) -> None:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=aaa.example", "-keyout", self.folder / "key.pem",
             "-out", self.folder / "certificate.pem"],
            check=True, capture_output=True, timeout=20,
        )  # fmt: skip

    def start(self) -> None:
        """Start in the foreground of a child, or start again with what it wrote so far; returns when it answers."""
        program = shutil.which("freeradius", path=_PATH)
        assert program is not None
        with (self.folder / "stdout.log").open("ab") as log:
            self._child = subprocess.Popen([program, "-f", "-d", str(self.folder)], stdout=log, stderr=log)
        wait_until(self._answers, 20, "FreeRADIUS answers")
        if not self._started:
            self._forget()
        self._started = True

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, (self.folder / "stdout.log").read_text()
        request = Packet(access_request(0, b"\x01\x06ping", self.secret.encode()))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.settimeout(0.2)
            probe.connect(("127.0.0.1", self.auth_port))
            probe.send(request.octets)
            return reply_fits(Packet(probe.recv(4096)), request, self.secret.encode())
        return False

    def _forget(self) -> None:
        for name in ("auth.detail", "acct.detail"):
            (self.folder / name).unlink(missing_ok=True)

    def freeze(self) -> None:
        """SIGSTOP: its sockets stay open and nothing answers."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Gone without a word."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(5)
            self._child = None

    def stop(self) -> None:
        """End it."""
        if self._child is not None:
            end(self._child)
            self._child = None

    def _entries(self, name: str) -> list[Entry]:
        path = self.folder / name
        blocks = path.read_text().split("\n\n") if path.exists() else []
        return [attributes_of(block.splitlines()[1:]) for block in blocks if block.strip()]

    def requests(self, user: str) -> list[Entry]:
        """Access-Requests with that User-Name, as they arrived."""
        return [entry for entry in self._entries("auth.detail") if entry.get("User-Name") == [user]]

    def all_accounting(self) -> list[Entry]:
        """All Accounting-Requests, as they arrived."""
        return self._entries("acct.detail")

    def accounting(self, session: str) -> list[Entry]:
        """Accounting-Requests with that Acct-Session-Id, as they arrived."""
        return [entry for entry in self._entries("acct.detail") if entry.get("Acct-Session-Id") == [session]]


def radclient(
    port: int, secret: str, attributes: dict[str, str], *, code: int = ACCESS_REQUEST, server: str = "127.0.0.1",
    within_s: float = 3.0,
) -> Answer:  # fmt: skip
    """Send one request once, and read what comes back; radclient itself verifies and decodes it."""
    program = shutil.which("radclient", path=_PATH)
    assert program is not None
    given = dict(attributes)
    kind = "acct" if code == ACCOUNTING_REQUEST else "auth"
    if kind == "auth":
        given["Message-Authenticator"] = "0x00"
    done = subprocess.run(
        [program, "-x", "-r", "1", "-t", str(within_s), f"{server}:{port}", kind, secret],
        input="\n".join(f"{name} = {value}" for name, value in given.items()) + "\n",
        capture_output=True, text=True, timeout=within_s + 10, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    start = next((index for index, line in enumerate(lines) if line.startswith("Received ")), None)
    if start is None:
        assert "No reply from server" in done.stderr + done.stdout, done.stderr + done.stdout
        return Answer(None, {})
    return Answer(lines[start].split()[1], attributes_of(lines[start + 1 :]))
