"""Posts: what becomes of what we tell customers by HTTP."""

from __future__ import annotations

from typing import Final

from payamak.domain.posting import PostState
from payamak.language import Words

POSTS: Final[dict[PostState, Words]] = {
    PostState.NONE: Words("none", "ندارد"),
    PostState.WAITING: Words("waiting", "در انتظار"),
    PostState.DONE: Words("done", "رسیده"),
    PostState.DEAD: Words("dead", "رهاشده"),
}

# ------------------------------------------------------------------------- a post as `payamak listen` shows it

EVENT: Final = Words("message {id} {state}", "پیام {id} {state}")
FROM_HANDSET: Final = Words("from {sender} to {line}: {text}", "از {sender} به {line}: {text}")
NONE_OF_OURS: Final = Words("{octets} octets that are none of ours", "{octets} بایت که از ما نیست")
UNREACHED: Final = Words("{url} is not reached: {error}", "به {url} نمی‌رسیم: {error}")

SIGNED: Final = Words("signed", "امضای درست")
SIGNED_BUT_OLD: Final = Words("signed, BUT OLD", "امضای درست، ولی کهنه")
NOT_SIGNED: Final = Words("NOT SIGNED", "بی‌امضا")
NO_TIME: Final = Words("NO TIME", "بی‌زمان")
WRONG_SIGNATURE: Final = Words("WRONG SIGNATURE", "امضای نادرست")
UNVERIFIED: Final = Words("signed, not verified: no --secret", "امضا دارد، سنجیده نشد: --secret نیست")
UNSIGNED: Final = Words("not signed", "امضا ندارد")
