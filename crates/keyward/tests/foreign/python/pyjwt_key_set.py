"""PyJWT: a resource server that knows nothing but the key set's address, before and after a key rotation."""

import time

import jwt
import requests

import keyward
from keyward import check, refused, verified

# How long a running server may take to notice a rotation, in seconds.
NOTICED = 15


def log_in(password=keyward.PASSWORD):
    form = {"username": keyward.EMAIL, "password": password}
    return requests.post(f"{keyward.URL}/login", data=form, timeout=keyward.PATIENCE)


def refresh(token):
    body = {"refresh_token": token}
    answer = requests.post(f"{keyward.URL}/refresh_token", json=body, timeout=keyward.PATIENCE)
    check(answer.status_code == 200, f"A refresh answers {answer.status_code}: {answer.text}")
    return answer.json()


def me(token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(keyward.ME_URL, headers=headers, timeout=keyward.PATIENCE)


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


# A resource server that has kept the key set since before the rotation, and asks for it again when it sees a key it
# does not know. (By default it does so 30 s after the last time at the earliest: too long to wait for here.)
keys = jwt.PyJWKClient(keyward.JWKS_URL, timeout=keyward.PATIENCE, cooldown_duration=0)

answer = log_in()
check(answer.status_code == 200, f"A login answers {answer.status_code}: {answer.text}")
old = answer.json()
claims = verified(old["access_token"], keys)
check(claims["exp"] - claims["iat"] == old["expires_in"], f"expires_in is not what the token says: {claims}")
check(claims["scope"] == old["scope"], f"The token's scope is not what was granted: {claims}")
keyward.expect_me(me(old["access_token"]))
renewed = refresh(old["refresh_token"])
check(verified(renewed["access_token"], keys)["sub"] == claims["sub"], "A refresh changed whose token it is.")

# What must be refused, and how.
answer = log_in("some other pass phrase")
check(answer.status_code == 401, f"A wrong password answers {answer.status_code}.")
check(answer.json()["error"] == "invalid_grant", f"A wrong password is refused as {answer.text}")
refused(jwt.InvalidAudienceError, verified, old["access_token"], keys, audience="another service")
refused(jwt.InvalidIssuerError, verified, old["access_token"], keys, issuer="http://127.0.0.1:1")
head, payload, signature = old["access_token"].split(".")
other = "B" if signature[10] == "A" else "A"
tampered = ".".join([head, payload, signature[:10] + other + signature[11:]])
refused(jwt.InvalidSignatureError, verified, tampered, keys)
check(me(tampered).status_code == 401, "A tampered token is let in.")

# The key set may be kept, and asked for anew at no cost while it is the same.
first = requests.get(keyward.JWKS_URL, timeout=keyward.PATIENCE)
check("max-age=" in first.headers["Cache-Control"], f"The key set is not cacheable: {first.headers}")
conditions = {"If-None-Match": first.headers["ETag"]}
again = requests.get(keyward.JWKS_URL, headers=conditions, timeout=keyward.PATIENCE)
check(again.status_code == 304, f"The same key set is sent again, as {again.status_code}.")

# The key is replaced, and the server runs on.
printed = keyward.command("keys", "rotate", "--now")
begun = time.monotonic()
new = refresh(renewed["refresh_token"])
while kid(new["access_token"]) == kid(old["access_token"]):
    check(time.monotonic() - begun < NOTICED, f"After {NOTICED} s, the old key still signs.")
    time.sleep(0.5)
    new = refresh(new["refresh_token"])
print(f"the new key signs after {time.monotonic() - begun:.1f} s")
check(kid(new["access_token"]) in printed, f"It is not the new key that signs: {printed}")

# Tokens of either key are good, for a resource server as for ours.
for token in [new["access_token"], old["access_token"]]:
    check(verified(token, keys)["sub"] == claims["sub"], "A rotation changed whose token it is.")
    keyward.expect_me(me(token))
published = {key["kid"] for key in requests.get(keyward.JWKS_URL, timeout=keyward.PATIENCE).json()["keys"]}
check({kid(old["access_token"]), kid(new["access_token"])} <= published, f"Published are only {published}.")
changed = requests.get(keyward.JWKS_URL, headers=conditions, timeout=keyward.PATIENCE)
check(changed.status_code == 200, f"The new key set is answered {changed.status_code}.")
