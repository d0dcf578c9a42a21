"""``connector sandbox``: one process, one address, both accounting systems."""

import json
import subprocess
import sys
from pathlib import Path

import requests


def test_both_services_answer_at_the_address_it_tells(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "connector", "sandbox", "--port", "0", "--json", "--state", str(tmp_path / "s.db")]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            told = ""
            while not told.rstrip().endswith("}"):
                told += running.stdout.readline()
            url = json.loads(told)["url"]
            paths = (
                "/health",
                "/connections",
                "/.well-known/openid_configuration",
                "/v3/company/1/query",
                "/sandbox/counts",
            )
            statuses = [requests.get(url + path, timeout=10).status_code for path in paths]
            assert statuses == [200, 401, 200, 401, 200]
            assert requests.get(f"{url}/sandbox/quickbooks/counts", timeout=10).json()["limit_breaches"] == {"total": 0}
        finally:
            running.terminate()
            _, said = running.communicate(timeout=20)
    assert (running.returncode, "The sandbox of Xero and QuickBooks listens at" in said) == (0, True)
