"""Debian's Apache with mod_auth_openidc, which lets nobody in whom Keyward did not log in."""

import contextlib
import pathlib
import secrets
import socket
import subprocess
import tempfile
import time

import requests

import keyward

MODULES = "/usr/lib/apache2/modules"
CONFIGURATION = """
ServerRoot {folder}
ServerName 127.0.0.1
PidFile {folder}/apache.pid
Mutex file:{folder}
Listen 127.0.0.1:{port}
ErrorLog {folder}/error.log
LogLevel warn auth_openidc:info
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule env_module {modules}/mod_env.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
DocumentRoot {folder}/site
DirectoryIndex index.html
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI {address}/private/callback
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCCryptoPassphrase {passphrase}
OIDCRemoteUserClaim sub
OIDCDefaultLoggedOutURL {address}/out.html
OIDCCacheShmEntrySizeMax 16928
<Location /private>
    AuthType openid-connect
    Require valid-user
    Header always set X-Subject "%{{OIDC_CLAIM_sub}}e"
    Header always set X-Email "%{{OIDC_CLAIM_email}}e"
</Location>
"""


def free_port():
    """A port that is free, most likely."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(port, client_id, client_secret):
    """An Apache on this port, whose folder `/private` is for those who are logged in: its address."""
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="apache-") as name:
        folder = pathlib.Path(name)
        # Apache's workers are another user where it is started by root.
        folder.chmod(0o755)
        for page in ["private/index.html", "out.html"]:
            place = folder / "site" / page
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("<h1>Here you are</h1>")
        configuration = folder / "apache.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                port=port,
                address=address,
                modules=MODULES,
                issuer=keyward.URL,
                client_id=client_id,
                client_secret=client_secret,
                passphrase=secrets.token_hex(16),
            )
        )
        command = ["/usr/sbin/apache2", "-f", str(configuration), "-DFOREGROUND"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            wait_for(process, address, folder / "error.log")
            yield address
        except BaseException:
            print((folder / "error.log").read_text())
            raise
        finally:
            process.terminate()
            process.wait(keyward.PATIENCE)


def wait_for(process, address, log):
    begun = time.monotonic()
    while True:
        try:
            return requests.get(f"{address}/out.html", timeout=keyward.PATIENCE)
        except requests.ConnectionError:
            words = log.read_text() if log.exists() else ""
            keyward.check(process.poll() is None, f"Apache ended: {words}")
            keyward.check(time.monotonic() - begun < keyward.PATIENCE, f"Apache does not start: {words}")
            time.sleep(0.05)
