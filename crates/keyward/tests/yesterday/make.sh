#!/usr/bin/env bash
# Makes the fixtures of this folder with a built `keyward`. README.md says with which one, and why it is not run again.
#
#   make.sh KEYWARD sqlite
#   make.sh KEYWARD postgres postgres://USER@HOST/EMPTY_DATABASE
#
# Needs curl and jq; for PostgreSQL also the server's own pg_dump. The files are written into the current folder.
set -euo pipefail

keyward=$1 kind=$2 url=${3-}
work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
unset "${!KEYWARD_@}"
export KEYWARD_DATA_DIR=$work/data KEYWARD_LISTEN=127.0.0.1:18437
[ -z "$url" ] || export KEYWARD_DATABASE_URL=$url
api=http://$KEYWARD_LISTEN

# Starts the server, with further settings as `NAME=value`.
start() {
    env "$@" "$keyward" serve 2>"$work/log" &
    server=$!
    until curl -sf "$api/health/ready" >/dev/null; do
        kill -0 "$server" || { cat "$work/log"; exit 1; }
        sleep 0.1
    done
}

# Ends it in good order.
stop() {
    kill -TERM "$server"
    wait "$server"
    server=""
}

# METHOD PATH TOKEN [BODY] [more of curl's arguments]: prints the answer, and stops at any error.
call() {
    local method=$1 path=$2 token=$3 body=${4-}
    shift $(($# < 4 ? $# : 4))
    curl -sS --fail-with-body -X "$method" "$api$path" ${token:+-H "Authorization: Bearer $token"} \
        ${body:+-H "Content-Type: application/json" -d "$body"} "$@"
}

# E-MAIL PASSWORD: logs in, and prints both tokens.
log_in() {
    curl -sS --fail-with-body "$api/login" -d "username=$1" --data-urlencode "password=$2"
}

# Two accounts, their posts and the catalogue, by the program itself.
seeded=$("$keyward" seed)
password_of() { awk -v address="$1" '$1 == address { print $3 }' <<<"$seeded"; }

# The first run sends its mails: into the data folder.
start
ana_password='correct horse battery staple'
bob_password='four wheels carry a wagon'
ana=$(call POST /users "" "{\"email\":\"ana@example.com\",\"name\":\"Ana\",\"password\":\"$ana_password\"}" | jq .id)
bob=$(call POST /users "" "{\"email\":\"bob@example.com\",\"password\":\"$bob_password\"}" | jq .id)

tokens=$(log_in ana@example.com "$ana_password")
access=$(jq -r .access_token <<<"$tokens")
spent=$(jq -r .refresh_token <<<"$tokens")
refresh=$(curl -sS --fail-with-body "$api/refresh_token" -d "refresh_token=$spent" | jq -r .refresh_token)
session=$(call GET /sessions "$access" | jq -r '.[0].id')

# A session that has ended, and a wrong password.
ended=$(log_in ana@example.com "$ana_password" | jq -r .access_token)
call POST /logout "$ended" >/dev/null
log_in bob@example.com "not his password" >/dev/null 2>&1 && exit 1

post=$(call POST /posts "$access" '{"title":"Älter als gestern","content":"A post of yesterday."}' | jq .id)
draft=$(call POST /posts "$access" '{"title":"Not yet","content":"A draft of yesterday.","published":false}' | jq .id)

# An order that is shipped, one that is cancelled, one that stays; and a cart that is left full.
place() { # KEY PRODUCT QUANTITY
    call POST /cart/items "$access" "{\"product_id\":$2,\"quantity\":$3}" >/dev/null
    call POST /orders "$access" "{\"shipping_address\":\"$address\"}" -H "Idempotency-Key: $1" | jq .id
}
address='1 Main Street, Springfield'
admin=$(log_in ada@example.com "$(password_of ada@example.com)" | jq -r .access_token)
shipped=$(place yesterday-1 3 2)
call PATCH "/orders/$shipped" "$admin" '{"order_status":"SHIPPED"}' >/dev/null
cancelled=$(place yesterday-2 1 1)
call PATCH "/orders/$cancelled" "$admin" '{"order_status":"CANCELLED"}' >/dev/null

# A client, a session of bob's through it, and a key that is published and not yet used.
client=$("$keyward" client create --name Reports --scope "posts:read revocations:read")
client_id=$(sed -n 's/^client_id=//p' <<<"$client")
client_secret=$(sed -n 's/^client_secret=//p' <<<"$client")
client_refresh=$(curl -sS --fail-with-body -u "$client_id:$client_secret" "$api/oauth/token" -d grant_type=password \
    -d username=bob@example.com --data-urlencode "password=$bob_password" | jq -r .refresh_token)
"$keyward" keys rotate >/dev/null
until [ "$("$keyward" outbox list --state waiting | wc -l)" = 0 ]; do sleep 0.2; done
stop

# In the second run nothing listens where mails go, so they wait.
start KEYWARD_SMTP_URL=smtps://127.0.0.1:9
order=$(place yesterday-3 4 1)
call POST /cart/items "$access" '{"product_id":2,"quantity":3}' >/dev/null
call POST /users/me/verification "$access" >/dev/null
call POST /password-recovery "" '{"email":"bob@example.com"}' >/dev/null
sleep 3
stop
"$keyward" outbox list

case $kind in
sqlite) "$keyward" backup sqlite.db --force ;;
postgres)
    # As statements that any driver can run: no COPY, and no commands of psql (lines that begin with a backslash).
    pg_dump --no-owner --no-privileges --no-comments --inserts --rows-per-insert=100 "$url" | sed '/^\\/d' >postgres.sql
    ;;
esac
cp "$work/data/master.key" "throw-away-master-key-of-$kind.bin"
chmod 644 "throw-away-master-key-of-$kind.bin" && [ "$kind" != sqlite ] || chmod 644 sqlite.db

jq -n --arg made "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    --arg ada "$(password_of ada@example.com)" --arg grace "$(password_of grace@example.com)" \
    --argjson ana "$ana" --arg ana_password "$ana_password" --argjson bob "$bob" --arg bob_password "$bob_password" \
    --arg session "$session" --arg refresh "$refresh" --arg spent "$spent" --argjson post "$post" \
    --argjson draft "$draft" --argjson shipped "$shipped" --argjson cancelled "$cancelled" --argjson order "$order" \
    --arg address "$address" --arg client_id "$client_id" --arg client_secret "$client_secret" \
    --arg client_refresh "$client_refresh" '{
    made_at: $made,
    users: {
        ada: { id: 1, email: "ada@example.com", role: "admin", password: $ada },
        grace: { id: 2, email: "grace@example.com", role: "user", password: $grace },
        ana: { id: $ana, email: "ana@example.com", role: "user", password: $ana_password },
        bob: { id: $bob, email: "bob@example.com", role: "user", password: $bob_password }
    },
    ana: {
        session_id: $session, refresh_token: $refresh, spent_refresh_token: $spent,
        post_id: $post, draft_id: $draft,
        cart: [{ product_id: 2, quantity: 3 }],
        shipped_order_id: $shipped, cancelled_order_id: $cancelled,
        order: { id: $order, idempotency_key: "yesterday-3", shipping_address: $address, product_id: 4, quantity: 1 }
    },
    client: { id: $client_id, secret: $client_secret, refresh_token_of_bob: $client_refresh }
}' >"$kind.json"
