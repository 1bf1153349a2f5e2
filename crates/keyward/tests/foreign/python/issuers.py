"""PyJWT and joserfc, as issuers: access tokens as other servers write them, for a guard to accept or to refuse.

Prints the public keys, and the tokens with what a guard has to make of each.
"""

import base64
import hashlib
import hmac
import json
import os
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey

ISSUER = os.environ["ISSUER"]
NOW = int(time.time())

rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
p384_key = ec.generate_private_key(ec.SECP384R1())
ec_key = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})

keys = [
    # As Keycloak publishes it: with a certificate chain, which no verifier has to look at.
    {**jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True), "kid": "rsa", "use": "sig", "alg": "RS256", "x5c": ["MIIC"]},
    # Keycloak's other key, for encryption: not for us.
    {**jwt.algorithms.RSAAlgorithm.to_jwk(other_key.public_key(), as_dict=True), "kid": "enc", "use": "enc", "alg": "RSA-OAEP"},
    {**jwt.algorithms.ECAlgorithm.to_jwk(p384_key.public_key(), as_dict=True), "kid": "p384", "use": "sig", "alg": "ES384"},
    ec_key.as_dict(private=False),
]
cases = []


def case(name, token, scope, audience="invoices", **profile):
    """`scope` is what the principal may do, or None where the token is to be refused."""
    cases.append({"name": name, "token": token, "scope": scope, "audience": audience, **profile})


def signed(claims, key=rsa_key, algorithm="RS256", **header):
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "rsa", **header})


def without(claims, *names):
    return {name: value for name, value in claims.items() if name not in names}


# Keycloak: `typ` is JWT for every kind of token, and the kind is a claim.
keycloak = {
    "exp": NOW + 300, "iat": NOW, "auth_time": NOW - 5, "jti": "onrtac:6f0a", "iss": ISSUER,
    "aud": ["invoices", "account"], "sub": "3c1f5d0e-6f0a", "typ": "Bearer", "azp": "front-end", "sid": "7d1b",
    "acr": "1", "allowed-origins": ["https://shop.example"], "realm_access": {"roles": ["offline_access"]},
    "resource_access": {"account": {"roles": ["manage-account"]}}, "scope": "openid invoices:read profile",
    "email_verified": True, "preferred_username": "ana",
}
bearer = {"require": ["typ", "Bearer"], "oidc": True}
case("Keycloak", signed(keycloak), "invoices:read openid profile", **bearer)
case("Keycloak's ID token", signed({**keycloak, "typ": "ID", "aud": "front-end", "at_hash": "x"}), None, "front-end", **bearer)
case("Keycloak's ID token, unmarked", signed({**without(keycloak, "typ"), "at_hash": "x"}), None, oidc=True)
case("Keycloak's refresh token", signed({**keycloak, "typ": "Refresh"}), None, **bearer)
case("Keycloak's logout token", signed({**keycloak, "events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, typ="logout+jwt"), None, **bearer)
case("another realm", signed({**keycloak, "iss": ISSUER.replace("shop", "other")}), None, **bearer)
case("the issuer with a slash", signed({**keycloak, "iss": ISSUER + "/"}), None, **bearer)
case("for another service", signed({**keycloak, "aud": ["account"]}), None, **bearer)
case("without an audience", signed(without(keycloak, "aud")), None, **bearer)
case("expired", signed({**keycloak, "exp": NOW - 60}), None, **bearer)
case("without an end", signed(without(keycloak, "exp")), None, **bearer)
case("not valid yet", signed({**keycloak, "nbf": NOW + 60}), None, **bearer)
case("issued in the future", signed({**keycloak, "iat": NOW + 600}), None, **bearer)
case("without a subject, as lightweight tokens are", signed(without(keycloak, "sub")), None, **bearer)
case("where at+jwt is asked for", signed(keycloak), None)

# In every profile the key decides how.
case("RS512 with the same key", signed(keycloak, algorithm="RS512"), None, **bearer)
case("PS256 with the same key", signed(keycloak, algorithm="PS256"), None, **bearer)
case("another key under that name", signed(keycloak, key=other_key), None, **bearer)
case("the encryption key", signed(keycloak, key=other_key, kid="enc"), None, **bearer)
case("a key that was never published", signed(keycloak, key=other_key, kid="who"), None, **bearer)
case("ES384", signed(keycloak, key=p384_key, algorithm="ES384", kid="p384"), None, **bearer)
case("no signature", jwt.encode(keycloak, None, algorithm="none"), None, **bearer)
case("a critical extension", signed(keycloak, crit=["exp"]), None, **bearer)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# The public key, taken for a shared secret. PyJWT does not make such a token, so it is made by hand.
pem = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
confused = b64(b'{"alg":"HS256","typ":"JWT","kid":"rsa"}') + "." + b64(json.dumps(keycloak).encode())
confused += "." + b64(hmac.new(pem, confused.encode(), hashlib.sha256).digest())
case("the public key as a secret", confused, None, **bearer)

# A member named twice, rightly signed: readers do not agree on which one counts.
twice = b64(b'{"alg":"RS256","typ":"JWT","kid":"rsa"}') + "." + b64(json.dumps(keycloak)[:-1].encode() + b',"sub":"root"}')
twice += "." + b64(jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(twice.encode(), rsa_key))
case("two subjects", twice, None, **bearer)

# Auth0: no `jti`, `sub` with a bar, permissions in a list of their own.
auth0 = {
    "iss": ISSUER, "sub": "auth0|65a1", "aud": ["invoices", f"{ISSUER}/userinfo"], "iat": NOW, "exp": NOW + 86400,
    "scope": "openid profile", "azp": "front-end", "permissions": ["invoices:read", "invoices:write"],
}
case("Auth0", signed(auth0), "openid profile", oidc=True)
case("Auth0's permissions", signed(auth0), "invoices:read invoices:write", oidc=True, scope_claim="permissions")
case("Auth0's permissions, not a list", signed({**auth0, "permissions": {"invoices:read": True}}), None, oidc=True, scope_claim="permissions")
profiled = {**auth0, "jti": "Zx1", "client_id": "front-end"}
case("Auth0's RFC 9068 profile", signed(profiled, typ="at+jwt"), "openid profile")
case("RFC 9068 without jti", signed(without(profiled, "jti"), typ="at+jwt"), None)

# Okta: no `typ` at all, scopes as a list. PyJWT leaves `typ` out where it is None.
okta = {
    "ver": 1, "jti": "AT.0m", "iss": ISSUER, "aud": "invoices", "iat": NOW, "exp": NOW + 3600, "cid": "0oa1",
    "uid": "00u1", "scp": ["invoices:read", "openid"], "auth_time": NOW, "sub": "ana@example.com",
}
case("Okta", signed(okta, typ=None), "invoices:read openid", oidc=True, scope_claim="scp")
case("Okta where a typ is asked for", signed(okta, typ=None), None)

# Entra ID: scopes as a string under another name. Signed by another library, with another kind of key.
entra = {
    "aud": "invoices", "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "azp": "b8f1", "name": "Ana",
    "oid": "690222be", "scp": "Invoices.Read user_impersonation", "sub": "HKZp", "tid": "6babcaad", "uti": "x", "ver": "2.0",
}
token = joserfc_jwt.encode({"alg": "ES256", "typ": "JWT", "kid": "ec"}, entra, ec_key)
case("Entra ID", token, "Invoices.Read user_impersonation", oidc=True, scope_claim="scp")
case("Entra ID, tampered with", token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB"), None, oidc=True)

print(json.dumps({"keys": keys, "cases": cases}))
