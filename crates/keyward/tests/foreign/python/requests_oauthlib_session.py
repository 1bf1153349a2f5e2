"""requests-oauthlib: the password grant of its "legacy application", and refreshing by itself."""

import os

# oauthlib insists on TLS otherwise, on loopback, too.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import jwt
from oauthlib.oauth2 import InvalidClientError, InvalidGrantError, LegacyApplicationClient
from oauthlib.oauth2 import TokenExpiredError
import requests
from requests_oauthlib import OAuth2Session

import keyward
from keyward import check, refused

CREDENTIALS = {"client_id": keyward.CLIENT_ID, "client_secret": keyward.CLIENT_SECRET}

saved = []


def session(**options):
    return OAuth2Session(client=LegacyApplicationClient(client_id=keyward.CLIENT_ID, **options))


def log_in(client, password=keyward.PASSWORD, **options):
    options = {**CREDENTIALS, "timeout": keyward.PATIENCE, **options}
    return client.fetch_token(keyward.TOKEN_URL, username=keyward.EMAIL, password=password, **options)


# Logging in, with the credentials in the header and then in the form; oauthlib minds if the scope granted is another
# than it asked for.
keys = jwt.PyJWKClient(keyward.JWKS_URL, timeout=keyward.PATIENCE)
for in_form in [False, True]:
    client = session(scope=["account", "posts:read", "posts:write"])
    first = dict(log_in(client, include_client_id=in_form))
    claims = keyward.verified(first["access_token"], keys)
    check(claims["client_id"] == keyward.CLIENT_ID, f"The token was made for {claims['client_id']!r}.")
    keyward.expect_me(client.get(keyward.ME_URL, timeout=keyward.PATIENCE))

# A token that is over is replaced on the way to the next request, once.
client = OAuth2Session(
    keyward.CLIENT_ID,
    token={**first, "expires_in": -30, "expires_at": 1},
    auto_refresh_url=keyward.TOKEN_URL,
    auto_refresh_kwargs=CREDENTIALS,
    token_updater=lambda token: saved.append(dict(token)),
)
keyward.expect_me(client.get(keyward.ME_URL, timeout=keyward.PATIENCE))
check(len(saved) == 1, f"One refresh was due, there were {len(saved)}.")
second = saved[0]
check(second["refresh_token"] != first["refresh_token"], "The refresh token was not replaced.")
check(second["scope"] == first["scope"], f"{first['scope']} became {second['scope']} by itself.")
check(keyward.verified(second["access_token"], keys)["sub"] == claims["sub"], "It is another subject's now.")
client = OAuth2Session(keyward.CLIENT_ID, token=second)
keyward.expect_me(client.get(keyward.ME_URL, timeout=keyward.PATIENCE))

# Without `auto_refresh_url`, the library says so; we then refresh by hand.
client = OAuth2Session(keyward.CLIENT_ID, token={**second, "expires_in": -30, "expires_at": 1})
refused(TokenExpiredError, client.get, keyward.ME_URL, timeout=keyward.PATIENCE)
third = client.refresh_token(keyward.TOKEN_URL, **CREDENTIALS, timeout=keyward.PATIENCE)
keyward.expect_me(client.get(keyward.ME_URL, timeout=keyward.PATIENCE))

# Logging out is the end of it.
answer = client.post(f"{keyward.URL}/logout", timeout=keyward.PATIENCE)
check(answer.status_code == 204, f"Logging out answers {answer.status_code}: {answer.text}")
answer = client.get(keyward.ME_URL, timeout=keyward.PATIENCE)
check(answer.status_code == 401, f"After logging out, GET /users/me answers {answer.status_code}.")
credentials = (keyward.CLIENT_ID, keyward.CLIENT_SECRET)
form = {"token": third["access_token"]}
answer = requests.post(keyward.INTROSPECT_URL, auth=credentials, data=form, timeout=keyward.PATIENCE)
check(answer.json() == {"active": False}, f"After logging out, the token is described as {answer.text}")
refused(InvalidGrantError, client.refresh_token, keyward.TOKEN_URL, **CREDENTIALS)

# What must be refused, and how.
refused(InvalidGrantError, log_in, session(), password="some other pass phrase")
refused(InvalidClientError, log_in, session(), client_secret="x" * 43)
