#!/usr/bin/env python3
"""What a payment page calls when the bank has confirmed: adds rial to an account, once, however often it is called.

    credit.py ACCOUNT RIAL REFERENCE

REFERENCE is the bank's own number of the payment. The gateway keeps it as long as its ledger: the same reference with
the same amount changes nothing, with another amount it is refused. So call this from the page that the bank sends the
customer back to *and* from a job that goes through the payments without an answer; neither needs to know of the other.

Runs as a user who may write the store (PAYAMAK_DATABASE or PAYAMAK_CONFIG names it). Exit code 0: the account has the
rial, now or since an earlier call. 1: refused, a person must look. 3: not done, call again with the same reference.
Needs nothing but Python and the command `payamak`; copy it, and change it as you like.
"""

import json
import subprocess
import sys
import time

TRIES = 4
PAUSE_S = 2.0
LONGEST_S = 30.0
NOT_REACHED = 3


def credit(account: str, rial: str, reference: str) -> int:
    """Credit the account; the exit code."""
    command = ["payamak", "account", "credit", "--reference", reference, "--json", "--", account, rial]
    for left in reversed(range(TRIES)):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        except subprocess.TimeoutExpired:
            code, said = NOT_REACHED, "no answer"  # it may be done or not: the reference makes asking again safe
        else:
            code, said = done.returncode, done.stderr.strip()
            if code == 0:
                answer = json.loads(done.stdout)
                before = " (was credited before)" if answer["is_repeated"] else ""
                print(f"{account} has {answer['available']:,} rial{before}")
                return 0
        if code != NOT_REACHED or not left:
            print(said, file=sys.stderr)
            return code
        time.sleep(PAUSE_S)
    return NOT_REACHED


if __name__ == "__main__":
    if len(sys.argv) != 4 or not sys.argv[2].isdecimal() or int(sys.argv[2]) == 0:
        sys.exit("usage: credit.py ACCOUNT RIAL REFERENCE (whole rial, more than 0)")
    sys.exit(credit(*sys.argv[1:]))
