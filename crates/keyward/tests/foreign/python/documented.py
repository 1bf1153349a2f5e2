"""The Python of docs/OTHER_LANGUAGES.md, which the test puts beside this as documented_verify.py."""

import os
import sys

import jwt
import requests

import keyward
from keyward import check

sys.path.insert(0, os.environ["KEYWARD_DOCUMENTED"])
from documented_verify import verify

form = {"username": keyward.EMAIL, "password": keyward.PASSWORD}
tokens = requests.post(f"{keyward.URL}/login", data=form, timeout=keyward.PATIENCE).json()
token = tokens["access_token"]
claims = verify(token)
check(claims["iss"] == keyward.URL and claims["scope"] == tokens["scope"], f"These are other claims: {claims}")

head, body, signature = token.split(".")
flipped = signature[:9] + ("A" if signature[9] != "A" else "B") + signature[10:]
for bad in ["", "nonsense", f"{head}.{body}.", f"{head}.{body}.{flipped}", tokens["refresh_token"]]:
    try:
        verify(bad)
    except jwt.PyJWTError:
        continue
    check(False, f"{bad!r} is not refused.")
