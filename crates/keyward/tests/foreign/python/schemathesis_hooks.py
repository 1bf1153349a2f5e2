"""Who makes Schemathesis' requests, what they know that no schema can say, and what is no fault of the document."""

import email.policy
import itertools
import os
import re
import subprocess
import time
import unicodedata
from pathlib import Path

import requests
import schemathesis
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    MissingHeaderNotRejected,
    RejectedPositiveData,
    UnsupportedMethodResponse,
)

import keyward

# GET is there for people: a page, which the document of the API leaves out.
PAGES = {"/reset-password", "/verify-email"}
BASIC = requests.auth._basic_auth_str(keyward.CLIENT_ID, keyward.CLIENT_SECRET)
DATA = os.environ["KEYWARD_DATA_DIR"]
numbers = itertools.count()


def post(path, status, **options):
    answer = requests.post(keyward.URL + path, timeout=keyward.PATIENCE, **options)
    keyward.check(answer.status_code == status, f"POST {path} answers {answer.status_code}: {answer.text}")
    return answer.json()


def new_address():
    return f"{os.getpid()}-{next(numbers)}@example.com"


def log_in(address):
    return post("/login", 200, data={"username": address, "password": keyward.PASSWORD})


def sign_up(address=None):
    return post("/signup", 201, json={"email": address or new_address(), "password": keyward.PASSWORD})


def administrator():
    """An administrator can only be made by command; the one before may have been changed or removed meanwhile."""
    address = new_address()
    command = [os.environ["KEYWARD_PROGRAM"], "user", "create", "--role", "admin", "--password-stdin"]
    command += ["--email", address, "--data-dir", DATA]
    subprocess.run(command, input=keyward.PASSWORD.encode(), stdout=subprocess.DEVNULL, check=True)
    return log_in(address)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def mailed_token(address):
    """The token of the link in the one mail to this address."""
    deadline = time.monotonic() + keyward.PATIENCE
    while time.monotonic() < deadline:
        for file in Path(DATA, "mail").glob("*.eml"):
            mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            if mail["To"] == address:
                return re.search(r"token=([\w-]+)", mail.get_body("plain").get_content())[1]
        time.sleep(0.02)
    raise SystemExit(f"No mail to {address} has come.")


def reset_token():
    address = new_address()
    sign_up(address)
    post("/password-recovery", 202, json={"email": address})
    return mailed_token(address)


def verification_token():
    address = new_address()
    post("/users/me/verification", 202, headers=bearer(sign_up(address)["access_token"]))
    return mailed_token(address)


# What ends the caller's session or account, or wants their password: each request has an account of its own.
OWN = {
    ("POST", "/logout"),
    ("POST", "/logout/all"),
    ("DELETE", "/users/me"),
    ("POST", "/users/me/email"),
    ("POST", "/users/me/password"),
    ("POST", "/verify-email"),
    ("POST", "/users/me/verification"),
}


def name(operation):
    return operation.method.upper(), operation.path


def wants_own_account(context):
    return name(context.operation) in OWN


def wants_client(context):
    return context.operation.path.startswith("/oauth/")


class Bearer:
    def set(self, case, data, context):
        case.headers.update(bearer(data))


@schemathesis.auth(refresh_interval=None).apply_to(wants_own_account)
class OwnAccount(Bearer):
    def get(self, case, context):
        return sign_up()["access_token"]


@schemathesis.auth(refresh_interval=None).apply_to(wants_client)
class Client:
    def get(self, case, context):
        return BASIC

    def set(self, case, data, context):
        case.headers["Authorization"] = data


@schemathesis.auth(retry_on=[401]).skip_for(wants_own_account).skip_for(wants_client)
class Administrator(Bearer):
    def get(self, case, context):
        return administrator()["access_token"]


def known(case):
    """What a sound request to this operation has to know to come any further."""
    match name(case.operation):
        case ("POST", "/users" | "/signup"):
            return {"email": new_address()}
        case ("POST", "/login"):
            return {"username": keyward.EMAIL, "password": keyward.PASSWORD}
        case ("POST", "/refresh_token"):
            return {"refresh_token": sign_up()["refresh_token"]}
        case ("POST", "/oauth/token"):
            grants = (
                {"grant_type": "password", "username": keyward.EMAIL, "password": keyward.PASSWORD},
                {"grant_type": "refresh_token", "refresh_token": sign_up()["refresh_token"]},
                {"grant_type": "client_credentials"},
            )
            return grants[next(numbers) % len(grants)]
        case ("POST", "/oauth/introspect" | "/oauth/revoke"):
            return {"token": sign_up()[("access_token", "refresh_token")[next(numbers) % 2]]}
        case ("POST", "/users/me/password"):
            return {"current_password": keyward.PASSWORD}
        case ("POST", "/reset-password"):
            return {"token": reset_token()}
        case ("POST", "/verify-email"):
            return {"token": verification_token()}
        case ("DELETE", "/users/me") | ("POST", "/users/me/email"):
            return {"password": keyward.PASSWORD}
    return {}


def in_cart(case):
    """An item that the caller has in their cart, if there is a product that is not sold out."""
    products = requests.get(f"{keyward.URL}/products", timeout=keyward.PATIENCE).json()
    for product in products:
        line = {"product_id": product["id"]}
        answer = requests.post(f"{keyward.URL}/cart/items", json=line, headers=case.headers, timeout=keyward.PATIENCE)
        if answer.status_code == 201:
            return answer.json()["id"]
    return None


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every other sound request comes from a logged-in caller; the others stay guesses."""
    if case.meta is None or not case.meta.generation.mode.is_positive or next(numbers) % 2 == 0:
        return
    if isinstance(case.body, dict) and (facts := known(case)):
        # What was made up beside them would be refused, such as a scope that there is not.
        for field in ("scope", "client_id", "client_secret", "code"):
            case.body.pop(field, None)
        case.body.update(facts)
    if name(case.operation) in {("POST", "/orders"), ("PATCH", "/cart/items/{id}")}:
        item = in_cart(case)
        if item is not None and "id" in case.path_parameters:
            case.path_parameters["id"] = item


# Bodies of which a field is needed that the schema calls optional.
ONE_OF_SEVERAL = {
    ("POST", "/users"),
    ("POST", "/signup"),
    ("POST", "/login/mfa"),
    ("POST", "/users/me/proof"),
    ("DELETE", "/users/me"),
    ("POST", "/users/me/email"),
    ("POST", "/users/me/password"),
    ("POST", "/verify-email"),
}


def explained(fault, case):
    """Whether a sound request may be refused for this: the rule is in words, for JSON Schema has none for it."""
    match fault["type"]:
        case "value_error":
            # A common password, a cursor of another list, a NUL, a form's field that is there twice.
            return True
        case "decimal_max_places":
            return True
        case "model_attributes_type":
            # A form holds no object within it.
            return case.media_type != "application/json"
        case "int_type":
            # To JSON Schema 1.0 is an integer; types are strict here.
            return isinstance(fault["input"], float)
        case "missing":
            # One of several fields is needed, or a password where the account has one.
            if name(case.operation) in ONE_OF_SEVERAL:
                return True
            # An empty field of a form counts as absent.
            return case.media_type != "application/json" and case.body.get(fault["loc"][-1]) == ""
        case "string_too_long":
            # A user name is shorter than the e-mail address that may stand in its place.
            return fault["loc"][-1] == "username" and "@" not in fault["input"]
        case "form_invalid":
            # No part of a multipart form can be named by a control character.
            return any(unicodedata.category(letter) == "Cc" for field in case.body for letter in field)
    return False


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether this is a failure."""
    if isinstance(failure, (UnsupportedMethodResponse, AllowHeaderMismatch)):
        return case.operation.path not in PAGES
    if isinstance(failure, MissingHeaderNotRejected):
        # What is no proof is refused before the client is asked who it is.
        return response.json().get("code") != "invalid_dpop_proof"
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    return not all(explained(fault, case) for fault in response.json()["detail"])
