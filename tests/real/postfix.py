"""A Postfix of one's own: it takes mail on a port of its own and relays all of it to a listener."""

from __future__ import annotations

import os
import re
import shutil
import smtplib
import subprocess
import tempfile
from pathlib import Path

from tests.real.conftest import program
from tests.support import free_port, listens, wait_for

_MAIN = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/log
maillog_file_prefixes = {base}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{relay_port}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
local_header_rewrite_clients =
message_size_limit = 30000000
# It comes again when a test says so.
minimal_backoff_time = 300s
queue_run_delay = 300s
smtp_destination_concurrency_failed_cohort_limit = 100
"""
_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Relays to `relay_port` on this machine."""

    def __init__(self, relay_port: int) -> None:
        # Its own users have to get in, which pytest's directories do not let them.
        self._base = Path(tempfile.mkdtemp(prefix="tempmail-postfix-"))
        self._base.chmod(0o755)
        self.port = free_port()
        for name in ("etc", "queue", "data"):
            (self._base / name).mkdir()
        shutil.chown(self._base / "data", "postfix")
        (self._base / "etc" / "main.cf").write_text(_MAIN.format(base=self._base, relay_port=relay_port))
        (self._base / "etc" / "master.cf").write_text(_SERVICES.format(port=self.port))

    def start(self) -> None:
        self._run("postfix", "start")
        wait_for(lambda: listens(self.port), "Postfix")

    def stop(self) -> None:
        self._run("postfix", "abort")
        wait_for(lambda: not listens(self.port), "the end of Postfix")
        shutil.rmtree(self._base)

    def connect(self) -> smtplib.SMTP:
        """Hand it mail."""
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=20)

    def log(self) -> str:
        path = self._base / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def deliveries(self, recipient: str) -> list[str]:
        """What became of each try to deliver to a recipient: "sent", "deferred", "bounced"."""
        return re.findall(rf"to=<{re.escape(recipient)}>.* status=(\w+)", self.log())

    def is_empty_after_a_run(self, seconds: float = 2.0) -> bool:
        """Let it try everything in its queue now; whether nothing is left in it soon after."""
        self._run("postqueue", "-f")
        try:
            wait_for(self._is_empty, "an empty queue", seconds)
        except AssertionError:
            return False
        return True

    def _is_empty(self) -> bool:
        queues = [self._base / "queue" / name for name in ("incoming", "active", "deferred", "maildrop")]
        return not any(path.is_file() for queue in queues for path in queue.rglob("*"))

    def _run(self, name: str, *arguments: str) -> None:
        etc = str(self._base / "etc")
        done = subprocess.run(
            [program(name), "-c", etc, *arguments],
            env={**os.environ, "MAIL_CONFIG": etc},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{name} {arguments}: {done.stdout}{done.stderr}{self.log()}"
