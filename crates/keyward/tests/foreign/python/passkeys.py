"""python-fido2 as the authenticator and as a second relying party: for each answer, sound or spoilt, both say the same."""

import os

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2.cose import ES256, RS256, EdDSA
from fido2.server import Fido2Server
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
    PublicKeyCredentialRpEntity,
)

import keyward
from keyward import check

ORIGIN = "http://localhost:8000"
FLAG = AuthenticatorData.FLAG
VERIFIED = FLAG.UP | FLAG.UV | FLAG.BACKUP_ELIGIBILITY | FLAG.BACKUP_STATE
CREATE, GET = CollectedClientData.TYPE.CREATE, CollectedClientData.TYPE.GET
RELYING_PARTY = PublicKeyCredentialRpEntity(name="localhost", id="localhost")
OTHER = Fido2Server(RELYING_PARTY, verify_origin=lambda origin: origin == ORIGIN)


def post(path, body, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(f"{keyward.URL}{path}", json=body, headers=headers, timeout=keyward.PATIENCE)


def done(answer, status=200):
    check(answer.status_code == status, f"{answer.request.url} answers {answer.status_code}: {answer.text}")
    return answer.json()


class Key:
    """A private key of one of the kinds that Keyward offers, as COSE and as python-fido2 have it."""

    def __init__(self, kind):
        self.kind = kind
        self.private = {
            ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
            EdDSA: ed25519.Ed25519PrivateKey.generate,
            RS256: lambda: rsa.generate_private_key(65537, 2048),
        }[kind]()
        self.public = kind.from_cryptography_key(self.private.public_key())

    def sign(self, data):
        if self.kind is ES256:
            return self.private.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.kind is EdDSA:
            return self.private.sign(data)
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())


class Device:
    """An authenticator with one passkey. `spoil` has entries in place of the usual ones."""

    def __init__(self, kind):
        self.key, self.id, self.handle = Key(kind), os.urandom(32), None

    def data(self, spoil, attested=b""):
        flags = spoil.get("flags", VERIFIED) | (FLAG.AT if attested else 0)
        party = spoil.get("party", "localhost").encode()
        return AuthenticatorData.create(sha256(party), flags, 0, attested)

    def client_data(self, kind, challenge, spoil):
        kind, origin = spoil.get("type", kind), spoil.get("origin", ORIGIN)
        challenge = spoil.get("challenge", challenge)
        return CollectedClientData.create(kind, challenge, origin)

    def answer(self, **response):
        encoded = {name: websafe_encode(value) for name, value in response.items()}
        own = websafe_encode(self.id)
        return {
            "id": own,
            "rawId": own,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": encoded,
        }

    def create(self, options, spoil):
        parsed = PublicKeyCredentialCreationOptions.from_dict(options)
        check(parsed.rp.id == "localhost", f"the relying party is {parsed.rp!r}")
        check(self.key.kind.ALGORITHM in [one.alg for one in parsed.pub_key_cred_params], "not offered")
        self.handle = parsed.user.id
        attested = AttestedCredentialData.create(b"\0" * 16, self.id, self.key.public)
        made = AttestationObject.create("none", self.data(spoil, attested), {})
        return self.answer(
            clientDataJSON=self.client_data(CREATE, parsed.challenge, spoil), attestationObject=made
        )

    def get(self, options, spoil):
        parsed = PublicKeyCredentialRequestOptions.from_dict(options)
        check(parsed.rp_id == "localhost" and not parsed.allow_credentials, f"asked for {parsed!r}")
        client_data, data = self.client_data(GET, parsed.challenge, spoil), self.data(spoil)
        signature = spoil.get("key", self.key).sign(data + client_data.hash)
        return self.answer(
            clientDataJSON=client_data, authenticatorData=data, signature=signature, userHandle=self.handle
        )


def state(options):
    return {"challenge": options["challenge"], "user_verification": "required"}


def second_opinion(judge, *arguments):
    try:
        return judge(*arguments)
    except ValueError:
        return None


SPOILT = [
    {"origin": "http://localhost:8001"},
    {"origin": "https://localhost:8000"},
    {"party": "example.com"},
    {"challenge": os.urandom(60)},
    {"type": "webauthn.other"},
    {"flags": FLAG.UV},
    {"flags": FLAG.UP},
]


def registers_and_logs_in(kind, token):
    device = Device(kind)
    for spoil in [*SPOILT, {"type": GET}, {}]:
        options = done(post("/users/me/passkeys/options", {}, token))
        made = device.create(options, spoil)
        opinion = second_opinion(OTHER.register_complete, state(options), made)
        check((opinion is not None) == (not spoil), f"python-fido2 says {opinion} of {spoil}")
        answer = post("/users/me/passkeys", made, token)
        check(answer.status_code == (201 if not spoil else 403), f"{spoil}: {answer.status_code} {answer.text}")
    credential = opinion.credential_data
    check(websafe_decode(made["rawId"]) == credential.credential_id, "another credential")

    for spoil in [*SPOILT, {"type": CREATE}, {"key": Key(kind)}, {}]:
        options = done(post("/login/passkey/options", {}))
        shown = device.get(options, spoil)
        opinion = second_opinion(OTHER.authenticate_complete, state(options), [credential], shown)
        check((opinion is not None) == (not spoil), f"python-fido2 says {opinion} of {spoil}")
        answer = post("/login/passkey", shown)
        check(answer.status_code == (200 if not spoil else 401), f"{spoil}: {answer.status_code} {answer.text}")
    return answer.json()["access_token"]


fresh = done(post("/login", {"username": keyward.EMAIL, "password": keyward.PASSWORD}))["access_token"]
for kind in (ES256, EdDSA, RS256):
    fresh = registers_and_logs_in(kind, fresh)
headers = {"Authorization": f"Bearer {fresh}"}
factors = requests.get(f"{keyward.URL}/users/me/factors", headers=headers, timeout=keyward.PATIENCE).json()
check(len(factors["passkeys"]) == 3, f"the account has {factors}")
