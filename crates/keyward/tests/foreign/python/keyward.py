"""What every script needs: where Keyward is, who logs in, and how to complain."""

import os
import subprocess

import jwt

URL = os.environ["KEYWARD_URL"]
CLIENT_ID = os.environ["KEYWARD_CLIENT_ID"]
CLIENT_SECRET = os.environ["KEYWARD_CLIENT_SECRET"]
EMAIL = os.environ["KEYWARD_EMAIL"]
PASSWORD = os.environ["KEYWARD_PASSWORD"]
# Where the applications' answers go. The browser of the tests goes no further.
REDIRECT_URI = os.environ["KEYWARD_REDIRECT_URI"]
LOGGED_OUT_URI = os.environ["KEYWARD_LOGGED_OUT_URI"]

TOKEN_URL = f"{URL}/oauth/token"
REVOKE_URL = f"{URL}/oauth/revoke"
INTROSPECT_URL = f"{URL}/oauth/introspect"
JWKS_URL = f"{URL}/.well-known/jwks.json"
ME_URL = f"{URL}/users/me"

# In seconds; nothing here takes long, and a script that hangs reports nothing.
PATIENCE = 20


def check(truth, sentence):
    """Ends the script with `sentence` unless `truth`."""
    if not truth:
        raise SystemExit(sentence)


def command(*arguments):
    """Runs a command of Keyward's beside the server: what it prints."""
    return subprocess.run(
        [os.environ["KEYWARD_PROGRAM"], *arguments],
        env={"KEYWARD_DATA_DIR": os.environ["KEYWARD_DATA_DIR"]},
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout


def refused(error, action, *arguments, **options):
    """The `error` that `action` raises; it must not succeed, nor raise anything else."""
    try:
        outcome = action(*arguments, **options)
    except error as raised:
        return raised
    raise SystemExit(f"{error.__name__} was expected, not {outcome!r}.")


def verified(token, keys, **changes):
    """The claims of an access token, checked as a resource server does it (RFC 9068, section 4)."""
    options = {"audience": "keyward", "issuer": URL, **changes}
    required = ["iss", "aud", "sub", "exp", "iat", "jti"]
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["EdDSA"], options={"require": required}, **options)
    header = jwt.get_unverified_header(token)
    check(header["typ"] == "at+jwt", f"An access token says that it is a {header['typ']!r}.")
    return claims


def expect_me(answer):
    """`answer` must be the account that logged in."""
    check(answer.status_code == 200, f"GET /users/me answers {answer.status_code}: {answer.text}")
    check(answer.json()["email"] == EMAIL, f"GET /users/me is about another user: {answer.text}")
