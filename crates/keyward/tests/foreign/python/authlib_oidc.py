"""Authlib: a login by authorization code, PKCE and OpenID Connect, through the real pages."""

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet
import requests

import keyward
from browser import Browser
from keyward import check, refused

metadata = requests.get(f"{keyward.URL}/.well-known/openid-configuration", timeout=keyward.PATIENCE).json()
check(metadata["issuer"] == keyward.URL, f"The issuer is {metadata['issuer']}.")
client = OAuth2Session(
    keyward.CLIENT_ID,
    keyward.CLIENT_SECRET,
    scope="openid profile email offline_access",
    redirect_uri=keyward.REDIRECT_URI,
    code_challenge_method="S256",
    token_endpoint=metadata["token_endpoint"],
)
client.default_timeout = keyward.PATIENCE
verifier, nonce = generate_token(48), generate_token(16)
url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
check(create_s256_code_challenge(verifier) in url, "The library made no challenge.")
browser = Browser()
answer = browser.follow(url)
check(answer.startswith(keyward.REDIRECT_URI), f"The browser was sent to {answer}.")
token = client.fetch_token(metadata["token_endpoint"], authorization_response=answer, code_verifier=verifier)

keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=keyward.PATIENCE).json())
id_token = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
check(id_token.header["alg"] == "RS256", f"The ID token is signed by {id_token.header['alg']}.")
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": keyward.URL},
    aud={"essential": True, "value": keyward.CLIENT_ID},
    nonce={"essential": True, "value": nonce},
    exp={"essential": True},
    sid={"essential": True},
    auth_time={"essential": True},
).validate(id_token.claims)
claims = client.get(metadata["userinfo_endpoint"]).json()
check(claims["sub"] == id_token.claims["sub"], f"The claims are those of {claims}.")
check(claims["email"] == keyward.EMAIL, f"The address is {claims.get('email')!r}.")

# The second time the person is asked for nothing.
second, _ = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, prompt="none")
silent = browser.follow(second)
check("code=" in silent, f"Without a page the browser was sent to {silent}.")

# A code is good once.
again = OAuth2Session(keyward.CLIENT_ID, keyward.CLIENT_SECRET, redirect_uri=keyward.REDIRECT_URI)
replayed = refused(
    OAuthError,
    again.fetch_token,
    metadata["token_endpoint"],
    authorization_response=answer,
    code_verifier=verifier,
)
check(replayed.error == "invalid_grant", f"A used code is refused as {replayed.error}.")
