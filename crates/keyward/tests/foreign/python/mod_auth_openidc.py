"""mod_auth_openidc: a folder of Apache's that Keyward logs in to, through the real pages, and logouts at either end."""

import os
import time

import requests

import apache
import keyward
from browser import Browser
from keyward import check
from registered import client

if not os.path.exists(f"{apache.MODULES}/mod_auth_openidc.so"):
    check("CI" not in os.environ, "CI skips nothing: install apache2 and libapache2-mod-auth-openidc")
    print("skipped: there is no Apache with mod_auth_openidc here; `apt-get install libapache2-mod-auth-openidc` gets it")
    raise SystemExit(0)

port = apache.free_port()
client_id, client_secret = client(
    *["--name", "A folder of Apache's"],
    *["--redirect-uri", f"http://127.0.0.1:{port}/private/callback"],
    *["--post-logout-redirect-uri", f"http://127.0.0.1:{port}/out.html"],
    *["--backchannel-private", "on"],
    *["--backchannel-logout-uri", f"http://127.0.0.1:{port}/private/callback?logout=backchannel"],
    "--backchannel-logout-session-required",
)

with apache.running(port, client_id, client_secret) as address:
    # Cookies know no ports: the visitor of Apache and the person at Keyward are two sessions of one browser.
    visitor, person = requests.Session(), Browser()
    visitor.headers["Accept"] = "text/html"

    def visit(url):
        return visitor.get(url, allow_redirects=False, timeout=keyward.PATIENCE)

    def log_in():
        sent = visit(f"{address}/private/")
        check(sent.status_code == 302, f"A stranger is answered {sent.status_code}.")
        answer = person.follow(sent.headers["Location"])
        check(answer.startswith(f"{address}/private/callback?"), f"The browser was sent to {answer}.")
        back = visit(answer)
        check(back.status_code == 302, f"After the login Apache answers {back.status_code}: {back.text}")
        return visit(back.headers["Location"])

    page = log_in()
    check(page.status_code == 200, f"The folder answers {page.status_code}.")
    check(page.headers["X-Email"] == keyward.EMAIL, f"Apache says that this is {page.headers['X-Email']}.")
    check(page.headers["X-Subject"].isdigit(), f"Apache says that this is {page.headers['X-Subject']}.")
    check(visit(f"{address}/private/").status_code == 200, "The second page asks for a login.")

    # A logout by Apache ends its own session, and the one at Keyward.
    sent = visit(f"{address}/private/callback?logout={address}/out.html")
    check(sent.status_code == 302, f"A logout is answered {sent.status_code}.")
    gone = person.follow(sent.headers["Location"])
    check(gone == f"{address}/out.html", f"After the logout the browser was sent to {gone}.")
    sent = visit(f"{address}/private/")
    check(sent.status_code == 302, f"After the logout the folder answers {sent.status_code}.")
    check(log_in().status_code == 200, "After a logout nobody can log in.")

    # A logout at Keyward ends Apache's session, too, without the visitor's browser: by a logout token.
    check(visit(f"{address}/private/").status_code == 200, "The new session is not kept.")
    person.submit(f"{keyward.URL}/account/logout")
    begun = time.monotonic()
    while visit(f"{address}/private/").status_code == 200:
        check(time.monotonic() - begun < keyward.PATIENCE, f"Apache's session goes on for {keyward.PATIENCE} s.")
        time.sleep(0.1)
    print(f"Apache's session ended {time.monotonic() - begun:.1f} s after the logout")
