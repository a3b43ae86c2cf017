#!/bin/sh
# payamak as the package has it: the gateway's user works on the gateway's store, with its settings and secrets.
# A store, or a mark beside it, that root has made would be closed to the gateway.
set -eu
if [ -z "${PAYAMAK_CONFIG+set}" ]; then # the unit says where they are, and so may you
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid payamak --regid payamak --init-groups --inh-caps=-all -- "$0" "$@"
    fi
    export PAYAMAK_CONFIG=/etc/payamak/settings.toml
    if [ -r /etc/payamak/secrets.env ]; then
        set -a
        . /etc/payamak/secrets.env
        set +a
    fi
    [ -r "$PAYAMAK_CONFIG" ] || [ "${1-}" = init ] || unset PAYAMAK_CONFIG
fi
exec /opt/payamak/bin/python3 -I -m payamak "$@"
