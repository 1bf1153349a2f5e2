"""Authlib: the password grant, refreshing by itself, a client's own token, introspection, revocation."""

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
import requests

import keyward
from keyward import check, refused

saved = []


def save(token, refresh_token=None, access_token=None):
    saved.append((dict(token), refresh_token))


def session(token=None, **options):
    options = {"client_secret": keyward.CLIENT_SECRET, **options}
    made = OAuth2Session(
        keyward.CLIENT_ID, token_endpoint=keyward.TOKEN_URL, token=token, update_token=save, **options
    )
    made.default_timeout = keyward.PATIENCE
    return made


def log_in(client, password=keyward.PASSWORD, **options):
    return client.fetch_token(keyward.TOKEN_URL, username=keyward.EMAIL, password=password, **options)


def introspected(client, token):
    answer = client.introspect_token(keyward.INTROSPECT_URL, token=token)
    check(answer.status_code == 200, f"Introspection answers {answer.status_code}: {answer.text}")
    return answer.json()


# Logging in, and being let in.
client = session()
first = dict(log_in(client))
check(first["token_type"] == "bearer" and first["expires_in"] > 0, f"This is no token: {first}")
keyward.expect_me(client.get(keyward.ME_URL))

# The key set is enough to tell that the token is genuine.
keys = KeySet.import_key_set(requests.get(keyward.JWKS_URL, timeout=keyward.PATIENCE).json())
token = jwt.decode(first["access_token"], keys, algorithms=["EdDSA"])
check(token.header["typ"] == "at+jwt", f"An access token says that it is a {token.header['typ']!r}.")
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": keyward.URL},
    aud={"essential": True, "value": "keyward"},
    exp={"essential": True},
    client_id={"essential": True, "value": keyward.CLIENT_ID},
).validate(token.claims)

# A token that is over is replaced on the way to the next request, once.
client.token = {**first, "expires_at": 1}
keyward.expect_me(client.get(keyward.ME_URL))
keyward.expect_me(client.get(keyward.ME_URL))
check(len(saved) == 1, f"One refresh was due, there were {len(saved)}.")
second, spent = saved[0]
check(spent == first["refresh_token"], "Authlib does not say which refresh token it spent.")
check(second["refresh_token"] != first["refresh_token"], "The refresh token was not replaced.")
check(second["scope"] == first["scope"], f"{first['scope']!r} became {second['scope']!r} by itself.")

# A scope can shrink at a refresh, and never grow.
narrow = client.refresh_token(keyward.TOKEN_URL, refresh_token=client.token["refresh_token"], scope="posts:read")
check(narrow["scope"] == "posts:read", f"posts:read was asked for, {narrow['scope']!r} granted.")
wider = {"refresh_token": narrow["refresh_token"], "scope": "posts:read admin"}
error = refused(OAuthError, client.refresh_token, keyward.TOKEN_URL, **wider)
check(error.error == "invalid_scope", f"A wider scope is refused as {error.error!r}.")

# What a token is worth, until it is revoked.
state = introspected(client, narrow["access_token"])
check(state["active"] and state["client_id"] == keyward.CLIENT_ID, f"A good token is described as {state}")
check(state["scope"] == "posts:read", f"The token's scope is described as {state['scope']!r}.")
answer = client.revoke_token(
    keyward.REVOKE_URL, token=narrow["refresh_token"], token_type_hint="refresh_token"
)
check(answer.status_code == 200, f"Revocation answers {answer.status_code}: {answer.text}")
for kind in ["access_token", "refresh_token"]:
    state = introspected(client, narrow[kind])
    check(state == {"active": False}, f"A revoked {kind} is described as {state}")
headers = {"Authorization": f"Bearer {narrow['access_token']}"}
answer = requests.get(keyward.ME_URL, headers=headers, timeout=keyward.PATIENCE)
check(answer.status_code == 401, f"A revoked token is answered {answer.status_code}.")
error = refused(
    OAuthError, client.refresh_token, keyward.TOKEN_URL, refresh_token=narrow["refresh_token"]
)
check(error.error == "invalid_grant", f"A revoked refresh token is refused as {error.error!r}.")

# A refresh token that was spent long ago ends the session it was stolen from.
client = session()
old = log_in(client)["refresh_token"]
newer = client.refresh_token(keyward.TOKEN_URL, refresh_token=old)["refresh_token"]
newest = client.refresh_token(keyward.TOKEN_URL, refresh_token=newer)["refresh_token"]
for token in [old, newest]:
    error = refused(OAuthError, session().refresh_token, keyward.TOKEN_URL, refresh_token=token)
    check(error.error == "invalid_grant", f"After a replay, a refresh token is refused as {error.error!r}.")

# A client of its own accord, authenticating itself in either way.
for method in ["client_secret_basic", "client_secret_post"]:
    client = session(token_endpoint_auth_method=method)
    own = client.fetch_token(keyward.TOKEN_URL, grant_type="client_credentials", scope="posts:read")
    check("refresh_token" not in own, "A client's own token comes with a refresh token.")
    state = introspected(client, own["access_token"])
    check(state["active"] and state["sub"] == keyward.CLIENT_ID, f"A client's own token is {state}")

# What must be refused, and how.
error = refused(OAuthError, log_in, session(), password="some other pass phrase")
check(error.error == "invalid_grant", f"A wrong password is refused as {error.error!r}.")
error = refused(OAuthError, log_in, session(client_secret="x" * 43))
check(error.error == "invalid_client", f"A wrong client secret is refused as {error.error!r}.")
error = refused(OAuthError, log_in, session(), scope="posts:read no:such")
check(error.error == "invalid_scope", f"An unknown scope is refused as {error.error!r}.")
