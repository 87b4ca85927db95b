#!/usr/bin/env python3
"""schemathesis over /openapi.json, at least OPENAPI_FUZZ_CASES (2000) requests made from the document: no 5xx, no answer, type or
shape that is not documented. It is installed below the build folder when that is possible, else the test is skipped."""
import os
import re
import subprocess
import sys
import venv

from http_api import Api, check
from wadtest import run_tests

VERSION = "4.32.5"
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,unsupported_method,allow_header_conformance")
# what would end the test, the token that it uses, or wait for minutes
LEFT_OUT = ["daemon.stop", "EVENTS", "token.revoke", "user.passwd", "user.update", "user.delete", "LOGIN", "LOGOUT",
            "old POST /login", "old POST /logout"]


def tool(build):
    """The program, or None: what cannot be had is no failure."""
    folder = os.path.join(os.path.abspath(build), "schemathesis")
    program = os.path.join(folder, "bin/schemathesis")
    done = os.path.join(folder, "installed")
    if os.path.exists(done):
        return program
    try:
        venv.create(folder, with_pip=True, clear=True)
        got = subprocess.run([os.path.join(folder, "bin/pip"), "install", "-q", "--disable-pip-version-check",
                              f"schemathesis=={VERSION}"], capture_output=True, text=True, timeout=240, check=False)
    except (OSError, subprocess.SubprocessError) as why:
        print(f"schemathesis cannot be installed: {why}")
        return None
    if got.returncode:
        print(f"schemathesis cannot be installed: {got.stderr.strip()[-300:]}")
        return None
    with open(done, "w") as f:
        f.write(VERSION)
    return program


def make_what_examples_name(api):
    """Devices go by their parameter's name in the document's examples, other objects by the id 17."""
    for name in ("device_id", "deviceId"):
        api.expect(201, "POST", "/api/devices", {"name": name})
    api.wad.pair("device", 60120000001)
    api.wad.wait_online(1)
    for i in range(17):
        api.expect(201, "POST", "/api/leads", {"phone": str(60123456789 + i), "name": "Ana"})
        api.expect(201, "POST", "/api/campaigns", {"title": "t", "text": "hello {name}", "everyone": True, "draft": True})
        api.expect(201, "POST", "/api/sequences", {"name": f"s{i}", "steps": [{"day": 1, "text": "hello"}]})
        api.expect(201, "POST", "/api/webhooks", {"url": f"https://localhost:8443/{i}"})
        api.expect(201, "POST", "/api/replies", {"text": "hello", "match": "keyword", "pattern": f"w{i}"})
        made = api.expect(201, "POST", "/api/messages", {"device": "device", "to": str(60123456789 + i), "text": "hello"}).json()
    check(made["id"] == "17", f"{made}")


def the_document_is_kept(build):
    cases = int(os.environ.get("OPENAPI_FUZZ_CASES", "2000"))
    program = tool(build)
    with Api(build, settings={"http.burst": "1000000"}) as api:
        doc = api.expect(200, "GET", "/openapi.json", token=None).json()
        operations = sum(len(item) for item in doc["paths"].values()) - len(LEFT_OUT)
        make_what_examples_name(api)
        argv = [program, "run", f"http://127.0.0.1:{api.port}/openapi.json", "-H", f"Authorization: Bearer {api.token}",
                "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--seed", os.environ.get("OPENAPI_FUZZ_SEED", "7"),
                "--generation-database", "none", "--max-examples", str(max(3, cases // operations // 2)), "--warnings", "off",
                "--continue-on-failure", "--no-color", "--request-timeout", "30", "--workers", "1",
                "--suppress-health-check", "all"]
        for name in LEFT_OUT:
            argv += ["--exclude-operation-id", name]
        config = os.path.join(api.world.directory, "schemathesis.toml")
        with open(config, "w") as f:  # 501 is an answer of addresses that say so
            f.write("[checks]\nnot_a_server_error.expected-statuses = [200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 412, "
                    "413, 414, 415, 422, 429, 431, 501, 503]\n")
        argv[1:1] = ["--config-file", config]
        got = subprocess.run(argv, capture_output=True, text=True, timeout=900, cwd=api.world.directory, check=False)
        out = got.stdout + got.stderr
        made = [int(n) for n in re.findall(r"(\d+) generated", out)]
        check(got.returncode == 0, out[-12000:])
        check(made and max(made) >= cases, f"only {made} cases of {cases}: {out[-2000:]}")
        api.expect(200, "GET", "/livez", token=None)
        print(f"proof: schemathesis: {max(made)} cases over {operations} operations, nothing that is not documented")


if __name__ == "__main__":
    if tool(sys.argv[1]) is None:
        sys.exit(77)
    sys.exit(run_tests([the_document_is_kept], sys.argv[1]))
