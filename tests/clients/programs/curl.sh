#!/bin/sh
# A shell script with curl: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
# Prints `message_id line mobile status state` (from /sendsms.ashx `message_id - - - state`), or `refused CODE`.
set -eu
way=$1 base=$2 username=$3 password=$4 mobile=$5 text=$6 line=$7 line2=${8:-}

number() { printf '%s' "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\(-\{0,1\}[0-9]*\).*/\1/p"; }
ask() { curl --silent --show-error --fail --max-time 20 "$@"; }

case $way in
http1.0)
    told=$(ask --http1.0 "$base/api/wsSend.ashx" -d "username=$username" --data-urlencode "password=$password" \
        -d "mobile=$mobile" --data-urlencode "message=$text" -d "line=$line&line2=$line2") ;;
raw)
    # The address as one types it: the text as it is, but for its blanks.
    told=$(ask "$base/api/wsSend.ashx?username=$username&password=$password&mobile=$mobile&line=$line&line2=$line2&$(
        printf 'message=%s' "$text" | tr ' ' '+')") ;;
multipart)
    told=$(ask "$base/api/wsSend.ashx" -F "username=$username" -F "password=$password" -F "mobile=$mobile" \
        -F "message=$text" -F "line=$line" -F "line2=$line2") ;;
sendsms)
    told=$(ask -G "$base/sendsms.ashx" -d "user=$username" --data-urlencode "pass=$password" -d "to=$mobile" \
        --data-urlencode "text=$text" -d "line=$line") ;;
esac

if [ "$way" = sendsms ]; then
    [ "${#told}" -gt 3 ] || { echo "refused $told"; exit; }
    id=$told by=- to=- status=-
else
    status=$(number status "$told")
    [ "$status" -lt 0 ] || { echo "refused $status"; exit; }
    id=$(number message_id "$told") by=$(number line "$told") to=$(number mobile "$told")
fi
tries=0
while [ "$tries" -lt 200 ]; do
    state=$(number states "$(ask "$base/api/wsStates.aspx" -d "username=$username" \
        --data-urlencode "password=$password" -d "message_ids=$id")")
    case $state in 1 | 2 | 16) break ;; esac
    tries=$((tries + 1))
    sleep 0.05
done
echo "$id $by $to $status $state"
