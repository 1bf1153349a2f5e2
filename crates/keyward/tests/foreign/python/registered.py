"""Applications of a script's own: Keyward's command registers them, and says what they are called."""

import keyward


def client(*options):
    """A new client with these options of `keyward client create`: its id and its secret, `None` for a public one."""
    printed = keyward.command("client", "create", *options)
    values = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    return values["client_id"], values.get("client_secret")
