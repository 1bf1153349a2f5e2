"""pyotp and oathtool as the authenticator app: each enrols as its own makers would have it, and logs in."""

import os
import shutil
import subprocess
import time
import urllib.parse

import pyotp
import requests

import keyward
from keyward import check

STEP = 30


def post(path, body, token=None, expected=200):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(f"{keyward.URL}{path}", json=body, headers=headers, timeout=keyward.PATIENCE)
    check(answer.status_code == expected, f"POST {path} answers {answer.status_code}: {answer.text}")
    return answer.json() if answer.content else None


def log_in(**more):
    return post("/login", {"username": keyward.EMAIL, "password": keyward.PASSWORD, **more})["access_token"]


def settled():
    """The present time, at least some seconds before the next step begins: three of them are used."""
    while STEP - time.time() % STEP < 8:
        time.sleep(0.2)
    return int(time.time())


def by_pyotp(uri):
    app = pyotp.parse_uri(uri)
    check(isinstance(app, pyotp.TOTP), f"pyotp reads {app!r}")
    check((app.digits, app.interval) == (6, STEP), "pyotp reads another kind of code")
    check(app.name == keyward.EMAIL, f"pyotp reads the account {app.name!r}")
    host = urllib.parse.urlsplit(keyward.URL).netloc
    check(app.issuer == host, f"pyotp reads the issuer {app.issuer!r}")
    return app.at


def by_oathtool(secret):
    tool = shutil.which("oathtool", path=os.defpath)
    if tool is None:
        check("CI" not in os.environ, "There is no oathtool: `apt-get install oathtool` gets it.")
        print("Skipped oathtool, which is not there: `apt-get install oathtool` gets it.")
        return None

    def code(moment):
        now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
        command = [tool, "--totp", "--base32", "--digits=6", "--time-step-size=30s", "--now", now, secret]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    return code


def enrols_and_logs_in(app_of):
    token = log_in()
    enrolment = post("/users/me/totp", {}, token)
    check(enrolment["qr"].startswith("<svg "), "the QR code is no SVG image")
    code = app_of(enrolment)
    if code is None:
        return
    now = settled()
    codes = post("/users/me/totp/confirm", {"otp": code(now - STEP)}, token)["recovery_codes"]
    check(len(codes) == 10, f"{len(codes)} recovery codes")
    owed = post("/login", {"username": keyward.EMAIL, "password": keyward.PASSWORD}, expected=401)
    check(owed["code"] == "mfa_required", f"a login without a code answers {owed}")
    used = {"mfa_token": owed["mfa_token"], "otp": code(now - STEP)}
    check(post("/login/mfa", used, expected=401)["code"] == "wrong_code", "a code is good twice")
    post("/login/mfa", {"mfa_token": owed["mfa_token"], "otp": code(now)})
    strong = log_in(otp=code(now + STEP))
    headers = {"Authorization": f"Bearer {strong}"}
    removed = requests.delete(f"{keyward.URL}/users/me/totp", headers=headers, timeout=keyward.PATIENCE)
    check(removed.status_code == 204, f"removing the app answers {removed.status_code}: {removed.text}")


enrols_and_logs_in(lambda enrolment: by_pyotp(enrolment["uri"]))
enrols_and_logs_in(lambda enrolment: by_oathtool(enrolment["secret"]))
