"""idpyoidc: a login by authorization code with PKCE, through the real pages, and the claims of userinfo."""

from urllib.parse import parse_qsl, urlsplit

from cryptojwt.key_jar import init_key_jar
from idpyoidc.client.rp_handler import RPHandler

import keyward
from browser import Browser
from keyward import check

PKCE = "idpyoidc.client.oauth2.add_on.pkce.add_support"
rp = RPHandler(
    base_url="https://rp.example.com",
    client_configs={
        "keyward": {
            "client_type": "oidc",
            "issuer": keyward.URL,
            "client_id": keyward.CLIENT_ID,
            "client_secret": keyward.CLIENT_SECRET,
            "redirect_uris": [keyward.REDIRECT_URI],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "add_ons": {"pkce": {"function": PKCE, "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"}}},
        }
    },
    keyjar=init_key_jar(key_defs=[{"type": "EC", "crv": "P-256", "use": ["sig"]}]),
    httpc_params={"timeout": keyward.PATIENCE},
)
sent = rp.begin("keyward")
check("code_challenge_method=S256" in sent, f"The library makes no challenge: {sent}")
back = Browser().follow(sent)
check(back.startswith(keyward.REDIRECT_URI), f"The browser was sent to {back}.")
answer = rp.finalize(keyward.URL, dict(parse_qsl(urlsplit(back).query)))
check("error" not in answer, f"The login is refused: {answer}")
id_token = answer["id_token"]
check(id_token["iss"] == keyward.URL, f"The issuer is {id_token['iss']}.")
check(answer["userinfo"]["email"] == keyward.EMAIL, f"The address is {answer['userinfo'].get('email')}.")
check(answer["userinfo"]["sub"] == id_token["sub"], "The claims are those of another user.")
