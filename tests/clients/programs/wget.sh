#!/bin/sh
# A shell script with wget, which encodes no form by itself: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
# Prints `message_id line mobile status state`, or `refused CODE`.
set -eu
way=$1 base=$2 username=$3 password=$4 mobile=$5 text=$6 line=$7 line2=${8:-}

number() { printf '%s' "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\(-\{0,1\}[0-9]*\).*/\1/p"; }
ask() { wget --quiet --output-document=- --timeout=20 --tries=1 --no-iri "$@"; }

login="username=$username&password=$password"
fields="$login&mobile=$mobile&message=$text&line=$line&line2=$line2"
case $way in
post) told=$(ask --post-data="$fields" "$base/api/wsSend.ashx") ;;
get) told=$(ask "$base/api/wsSend.ashx?$fields") ;;
esac
status=$(number status "$told")
[ "$status" -eq -1 ] || { echo "refused $status"; exit; }
id=$(number message_id "$told")
tries=0
while [ "$tries" -lt 200 ]; do
    state=$(number states "$(ask "$base/api/wsStates.ashx?$login&message_ids=$id")")
    case $state in 1 | 2 | 16) break ;; esac
    tries=$((tries + 1))
    sleep 0.05
done
echo "$id $(number line "$told") $(number mobile "$told") $status $state"
