"""Signs: what the doctor can find of a gateway, with what it says and what to do, in both languages.

Places in braces are filled by the finding; a sign of which nothing has to be done has nothing to do.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from payamak.domain.clocks import Clocks
from payamak.domain.restoring import Why
from payamak.language import Words


class Sign(Struct, frozen=True):
    """A thing that is looked at by its name, what was found of it, and what to do where it is not well."""

    name: Words
    says: Words
    todo: Words = Words("", "")


NOTHING: Final = Words("", "")

# -------------------------------------------------------------------------------------------- the machine

PYTHON: Final = Sign(
    Words("python", "پایتون"),
    Words("{version}", "{version}"),
    Words("install Python 3.11 or newer", "پایتون 3.11 یا تازه‌تر نصب کنید"),
)
SQLITE: Final = Sign(
    Words("sqlite", "پایگاه SQLite"),
    Words("{version}", "{version}"),
    Words(
        "install the apsw wheel, which brings its own: before 3.51.3 a WAL file may be corrupted",
        "بستهٔ apsw را نصب کنید که SQLite خودش را دارد: پیش از 3.51.3 ممکن است فایل WAL خراب شود",
    ),
)
OPEN_FILES: Final = Sign(
    Words("open files", "فایل‌های باز"),
    Words("at most {most}", "حداکثر {most}"),
    Words(
        "raise it to {enough} or more: LimitNOFILE= of the service, or ulimit -n",
        "به {enough} یا بیشتر برسانید: LimitNOFILE= سرویس، یا ulimit -n",
    ),
)
CLOCK: Final = Sign(
    Words("clock", "ساعت"),
    Words("{now}", "{now}"),
    Words(
        "set the clock and keep it by NTP: deadlines and receipts depend on it",
        "ساعت را درست کنید و با NTP درست نگه دارید: مهلت‌ها و رسیدها به آن وابسته‌اند",
    ),
)
SETTINGS: Final = Sign(
    Words("settings", "تنظیم‌ها"),
    Words("store {store}, {host}:{port}", "پایگاه داده {store}، {host}:{port}"),
)
NAMES: Final = Sign(
    Words("names", "نام‌ها"),
    Words("{error}", "{error}"),
    Words("remove the names that are not used", "نام‌هایی را که به کار نمی‌روند بردارید"),
)
FOLDER_GONE: Final = Sign(
    Words("folder", "پوشه"),
    Words("{folder} is not there", "{folder} نیست"),
    Words("make it, or correct --data", "آن را بسازید، یا --data را درست کنید"),
)
FOLDER: Final = Sign(
    Words("folder", "پوشه"), Words("{folder} can be written", "در {folder} می‌توان نوشت"), Words("", "")
)
FOLDER_CLOSED: Final = Sign(
    Words("folder", "پوشه"),
    Words("{folder} cannot be written", "در {folder} نمی‌توان نوشت"),
    Words(
        "let the user who runs Payamak write the folder, the store and the files beside it",
        "بگذارید کاربری که پیامک را اجرا می‌کند در پوشه، پایگاه داده و فایل‌های کنارش بنویسد",
    ),
)
RIGHTS: Final = Sign(
    Words("rights", "دسترسی‌ها"),
    Words("the store is not open to every user of this machine", "پایگاه داده برای هر کاربری از این دستگاه باز نیست"),
)
RIGHTS_OPEN: Final = Sign(
    Words("rights", "دسترسی‌ها"),
    Words("the store is open to every user of this machine", "پایگاه داده برای هر کاربری از این دستگاه باز است"),
    Words(
        "chmod o-rwx {files}: texts, numbers and password hashes are in it",
        "chmod o-rwx {files}: متن‌ها، شماره‌ها و چکیدهٔ گذرواژه‌ها در آن است",
    ),
)
DISK: Final = Sign(
    Words("disk", "دیسک"),
    Words("{free:,.1f} GB free", "{free:,.1f} گیگابایت خالی"),
    Words("make room: without it new messages are refused with 23", "جا باز کنید: بی آن پیام‌های تازه با 23 رد می‌شوند"),
)

# ---------------------------------------------------------------------------------------------- the store

STORE_GONE: Final = Sign(
    Words("store", "پایگاه داده"),
    Words("{path} is not there", "{path} نیست"),
    Words(
        "name it with --data, or make one with `payamak apply`",
        "با --data نامش را بدهید، یا با `payamak apply` یکی بسازید",
    ),
)
STORE_UNREAD: Final = Sign(
    Words("store", "پایگاه داده"),
    Words("{error}", "{error}"),
    Words("use a backup, or correct the path", "نسخهٔ پشتیبان را به کار ببرید، یا مسیر را درست کنید"),
)
STORE_SPOILT: Final = Sign(
    Words("store", "پایگاه داده"),
    Words("{error}", "{error}"),
    Words(
        "stop the server, then `payamak restore COPY --data STORE --replace`, which keeps what lies there",
        "سرور را متوقف کنید، سپس `payamak restore COPY --data STORE --replace`، که آنچه آنجاست را نگه می‌دارد",
    ),
)
STORE: Final = Sign(
    Words("store", "پایگاه داده"),
    Words(
        "quick_check says {check}; {size:,} octets, journal {journal}",
        "نتیجهٔ quick_check: {check}؛ {size:,} بایت، ژورنال {journal}",
    ),
    STORE_SPOILT.todo,
)
SCHEMA: Final = Sign(Words("schema", "طرح"), Words("{schema} of {known}", "{schema} از {known}"))
SCHEMA_NEWER: Final = Sign(
    SCHEMA.name,
    SCHEMA.says,
    Words(
        "use a newer Payamak: this one does not know the schema",
        "پیامک تازه‌تری به کار ببرید: این یکی طرح را نمی‌شناسد",
    ),
)
SCHEMA_OLDER: Final = Sign(
    SCHEMA.name,
    SCHEMA.says,
    Words(
        "start the server of this version, or `payamak migrate`; first a backup by the old one",
        "سرور این نسخه را روشن کنید، یا `payamak migrate`؛ پیش از آن با نسخهٔ قدیم پشتیبان بگیرید",
    ),
)
SITE_FAULT: Final = Sign(
    Words("site", "پیکربندی"),
    Words("{fault}", "{fault}"),
    Words("correct it: `payamak apply`, or the groups' change", "درستش کنید: `payamak apply`، یا فرمان change گروه‌ها"),
)
SITE: Final = Sign(Words("site", "پیکربندی"), Words("{accounts}, {lines}, {links}", "{accounts}، {lines}، {links}"))
INTAKE: Final = Sign(
    Words("intake", "پذیرش"),
    Words("suspended by hand", "با دست متوقف شده است"),
    Words("`payamak resume intake`", "`payamak resume intake`"),
)
SUSPENDED: Final = Sign(
    Words("{kind} {name}", "{kind} {name}"),
    Words("suspended by hand", "با دست متوقف شده است"),
    Words("`payamak resume {key} {name}`", "`payamak resume {key} {name}`"),
)
NO_PASSWORD: Final = Sign(
    Words("account {name}", "حساب {name}"),
    Words("has no password", "گذرواژه ندارد"),
    Words("`payamak account password {name}`", "`payamak account password {name}`"),
)
STRANDED_GONE: Final = Sign(
    Words("line {line}", "خط {line}"),
    Words("{count} on it, and it is not configured any more", "{count} روی آن منتظر است، و خط دیگر تعریف نشده است"),
    Words(
        "configure it, or `payamak move {line} OTHER`, or `payamak cancel --line {line}`",
        "تعریفش کنید، یا `payamak move {line} OTHER`، یا `payamak cancel --line {line}`",
    ),
)
STRANDED: Final = Sign(
    Words("line {line}", "خط {line}"),
    Words("{count} on it, and it has no links", "{count} روی آن منتظر است، و خط لینکی ندارد"),
    Words(
        "give it a link, or `payamak move {line} OTHER`, or `payamak cancel --line {line}`",
        "لینکی به آن بدهید، یا `payamak move {line} OTHER`، یا `payamak cancel --line {line}`",
    ),
)
MARK: Final = Sign(
    Words("mark", "نشان"),
    Words("{fault}", "{fault}"),
    Words("a running server writes it anew within a second", "سرور روشن تا یک ثانیهٔ دیگر آن را از نو می‌نویسد"),
)
RESTORED: Final = Sign(
    Words("restored", "برگردانده"),
    Words(
        "put back, noticed {noticed}; known until {known}: {held:,} messages are held; ids go on above {above}{posts}",
        "برگردانده شده، {noticed} دیده شد؛ تا {known} معلوم است: {held:,} پیام نگه داشته شده؛ شناسه‌ها از {above} "
        "به بالا ادامه دارند{posts}",
    ),
    Words("{todo}", "{todo}"),
)
RESTORED_POSTS: Final = Words(
    "; {posts:,} messages from handsets wait to be posted, answers to them are held",
    "؛ {posts:,} پیام دریافتی منتظر ارسال است، پاسخشان نگه داشته شده",
)
RESTORED_TODO: Final[dict[Why, Words]] = {
    Why.ASKED: Words(
        "`payamak resume restored` lets it go, all, or by --line, --account; or `payamak cancel`",
        "`payamak resume restored` همه را، یا با --line و --account بخشی را رها می‌کند؛ یا `payamak cancel`",
    ),
    Why.COPY: Words(
        "`payamak resume restored` lets it go, all, or by --line, --account; or `payamak cancel`",
        "`payamak resume restored` همه را، یا با --line و --account بخشی را رها می‌کند؛ یا `payamak cancel`",
    ),
    Why.MARK: Words(
        "`payamak resume moved` if it is the newest store, `payamak resume restored` if it is an older copy",
        "اگر تازه‌ترین پایگاه داده است `payamak resume moved`، اگر نسخه‌ای قدیمی‌تر است `payamak resume restored`",
    ),
}
"""What a person does about what is held; see docs/guide/backup.md."""

CLOCK_JUMPED: Final = Sign(
    Words("clock jumped", "جهش ساعت"),
    Words("{jump}", "{jump}"),
    Words(
        "if the machine's clock is right, `payamak clock accept`; if not, set it right and keep it so by NTP; until "
        "then nothing expires, and nothing goes that is past its deadline or outside its hours by either time",
        "اگر ساعت دستگاه درست است، `payamak clock accept`؛ وگرنه درستش کنید و با NTP درست نگهش دارید؛ تا آن وقت چیزی "
        "منقضی نمی‌شود و چیزی که با یکی از دو ساعت دیر یا بیرون از ساعت‌هایش باشد نمی‌رود",
    ),
)
"""What a person does about a jump; see docs/guide/operations.md."""


def jump_words(clocks: Clocks) -> Words:
    """A doubt in words; nothing while there is none."""
    if not clocks.is_in_doubt:
        return NOTHING
    by = f"{abs(clocks.ahead) / 1_000:,.0f}"
    where, fa = ("ahead of", "جلوتر از") if clocks.ahead > 0 else ("behind", "عقب‌تر از")
    return Words(
        f"the machine's clock has jumped: it is {by} s {where} the time held to be right",
        f"ساعت دستگاه جهش کرده است: {by} ثانیه {fa} زمانی است که درست شمرده می‌شود",
    )


IDS: Final = Sign(
    Words("ids {upstream}", "شناسه‌های {upstream}"),
    Words(
        "{learned}; {waiting:,} receipts wait{removed}{conflicts}",
        "{learned}؛ {waiting:,} رسید منتظر است{removed}{conflicts}",
    ),
    Words(
        "`payamak unmatched` shows them; set `id_base` of its links, or wait: docs/guide/receipts.md",
        "`payamak unmatched` نشانشان می‌دهد؛ `id_base` لینک‌هایش را بگذارید، یا صبر کنید: docs/guide/receipts.md",
    ),
)
IDS_REMOVED: Final = Words(", {count:,} were removed for age", "، {count:,} تا از کهنگی حذف شد")
IDS_IN_CONFLICT: Final = Words(
    ", {count:,} of them fit messages, but under two readings or another one than is in use",
    "، {count:,} تا از آن‌ها به پیامی می‌خورد، ولی با دو خوانش یا با خوانشی جز آنچه به کار می‌رود",
)
ONE_RECEIPT_EACH: Final = Sign(
    Words("receipts {link}", "رسیدهای {link}"),
    Words(
        "{count:,} texts of several parts got exactly one receipt each: they end as unknown",
        "{count:,} متن چندبخشی هر کدام فقط یک رسید گرفت: نامشخص تمام می‌شوند",
    ),
    Words(
        "if the operator says so too: `payamak link change {link} --set receipts_per=message`",
        "اگر اپراتور هم همین را می‌گوید: `payamak link change {link} --set receipts_per=message`",
    ),
)
ASIDE: Final = Sign(
    Words("rows aside", "ردیف‌های کنارگذاشته"),
    Words("{count:,} rows fail and are passed by{told}", "{count:,} ردیف خطا می‌دهد و از آن می‌گذریم{told}"),
    Words(
        "`payamak show ID`; correct what it names (`payamak apply`), or report it: they are tried again by themselves",
        "`payamak show ID`؛ آنچه را نام می‌برد درست کنید (`payamak apply`)، یا گزارش دهید: خودشان دوباره تلاش می‌شوند",
    ),
)
ASIDE_ROW: Final = Words("{work} {key}: {error}, {times} times", "{work} {key}: {error}، {times} بار")
UNREADABLE: Final = Sign(
    Words("unreadable", "ناخوانا"),
    Words(
        "{count:,} pieces of operators could not be read or handled",
        "{count:,} تکه از اپراتورها خوانده یا رسیدگی نشد",
    ),
    Words(
        "`payamak unreadable` shows them; report them, then `payamak unreadable --forget`",
        "`payamak unreadable` نشانشان می‌دهد؛ گزارششان دهید، سپس `payamak unreadable --forget`",
    ),
)
FOREIGN: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words(
        "has brought {count} of handsets for line {line}, which no link of its operator serves, the last {at}: kept, "
        "not read, not relayed",
        "{count} دریافتی برای خط {line} آورده است که هیچ لینکی از اپراتورش خدمت نمی‌دهد، آخری {at}: نگه داشته شد، "
        "خوانده نشد، جایی فرستاده نشد",
    ),
    Words(
        "ask the operator; if it may, receives_for of link {link} names the line, then `payamak received replay "
        "--foreign --line {line}`",
        "از اپراتور بپرسید؛ اگر مجاز است، receives_for لینک {link} خط را نام ببرد، سپس `payamak received replay "
        "--foreign --line {line}`",
    ),
)
DOUBTFUL_OPT_OUTS: Final = Sign(
    Words("opt-outs", "انصراف‌ها"),
    Words("{count} came by such messages; they hold", "{count} با چنین پیام‌هایی آمد؛ برقرارند"),
    Words(
        "`payamak optout list` marks them; `payamak optout forget` takes back what was nobody's wish",
        "`payamak optout list` نشانشان می‌کند؛ `payamak optout forget` آنچه را خواست کسی نبود پس می‌گیرد",
    ),
)
REFUSES_ALL: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words("the centre {habit}: the last {count} messages", "مرکز {habit}: {count} پیام آخر"),
    Words("{todo}", "{todo}"),
)
UNTOLD: Final = Sign(
    Words("webhook {name}", "وب‌هوک {name}"),
    Words(
        "{count} of messages not told yet, the oldest for {age}{note}",
        "{count} هنوز گفته نشده است، کهنه‌ترین {age}{note}",
    ),
    Words(
        "`payamak webhook test {name}`, with the server's environment, shows what comes back",
        "`payamak webhook test {name}` با متغیرهای محیط سرور نشان می‌دهد چه برمی‌گردد",
    ),
)
LAST_POST: Final = Words("; the last post: {note}", "؛ آخرین ارسال: {note}")
BALANCED: Final = Sign(
    Words("ledger", "دفتر کل"),
    Words(
        "every account balances: {entries} and {messages} counted",
        "حساب‌ها همه تراز است: {entries} و {messages} شمرده شد",
    ),
)
UNBALANCED: Final = Sign(
    Words("ledger {name}", "دفتر کل {name}"),
    Words("{fault}", "{fault}"),
    Words(
        "this must not happen: keep a backup of the store and report it",
        "این نباید پیش بیاید: از پایگاه داده نسخه‌ای نگه دارید و گزارش دهید",
    ),
)
DEADLINES: Final = Sign(
    Words("deadlines", "مهلت‌ها"),
    Words("the oldest message that waits is {age} old", "کهنه‌ترین پیام منتظر {age} دارد"),
    Words(
        "no message may wait for more than 7 days: is the server running, and its clock right?",
        "هیچ پیامی نباید بیش از ۷ روز بماند: سرور روشن است و ساعتش درست؟",
    ),
)
NOTHING_WAITS: Final = Sign(DEADLINES.name, Words("nothing waits", "چیزی منتظر نیست"))
UNRECOVERED: Final = Sign(
    Words("recovery", "بازیابی"),
    Words("{count} on the wire by a process that is gone", "{count} از فرایندی که دیگر نیست روی سیم است"),
    Words(
        "start the server: it recovers them, by each line's rule",
        "سرور را روشن کنید: با قاعدهٔ هر خط بازیابی‌شان می‌کند",
    ),
)
COPIES_OF_LINE: Final = Sign(
    Words("copies {line}", "تکراری‌های {line}"),
    Words(
        "{copies:,} of {parts:,} parts of the last day by {upstream} were sent twice",
        "{copies:,} بخش از {parts:,} بخش روز گذشته با {upstream} دو بار فرستاده شد",
    ),
    Words(
        "answers are lost or late: `payamak link traffic`; the operator's load, `response_timeout_s` of the link",
        "پاسخ‌ها گم می‌شود یا دیر می‌رسد: `payamak link traffic`؛ بار اپراتور، `response_timeout_s` لینک",
    ),
)
COPIES: Final = Sign(
    Words("copies", "تکراری‌ها"),
    Words(
        "{copies:,} of {parts:,} parts of the last day were sent twice",
        "{copies:,} بخش از {parts:,} بخش روز گذشته دو بار فرستاده شد",
    ),
)
NO_BACKUP: Final = Sign(
    Words("backup", "پشتیبان"),
    Words("none is known of", "هیچ نسخه‌ای نمی‌شناسیم"),
    Words(
        "`payamak backup FILE`, daily by a timer: docs/guide/backup.md",
        "`payamak backup FILE`، هر روز با زمان‌سنج: docs/guide/backup.md",
    ),
)
BACKUP: Final = Sign(NO_BACKUP.name, Words("the last one is {age} old", "آخرین نسخه {age} دارد"), NO_BACKUP.todo)

# ---------------------------------------------------------------------------------------------- the links

PASSWORD_UNSET: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words(
        "its password names {variable}, which is not set here",
        "گذرواژه‌اش {variable} را نام می‌برد که اینجا مقدار ندارد",
    ),
    Words("set it where `payamak serve` runs", "جایی که `payamak serve` اجرا می‌شود مقدارش را بگذارید"),
)
UNREACHED: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words("{where} is not reached: {error}", "به {where} نمی‌رسیم: {error}"),
    Words(
        "check address, port, route and the operator's allow list",
        "نشانی، درگاه، مسیر شبکه و فهرست مجاز اپراتور را بررسی کنید",
    ),
)
NO_ANSWER: Final = Words("no answer", "پاسخی نیامد")
REACHED: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words(
        "{where} takes connections ({took:.0f} ms); the log tells of binds",
        "{where} اتصال می‌پذیرد ({took:.0f} ms)؛ لاگ از bindها می‌گوید",
    ),
    Words(
        "correct system_id, password, system_type, or what the operator has",
        "system_id، password و system_type، یا آنچه اپراتور دارد را درست کنید",
    ),
)
LINK_UP: Final = Sign(
    Words("link {link}", "لینک {link}"), Words("up, says the running server", "سرور روشن می‌گوید وصل است")
)
LINK_DOWN: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words("not bound, says the running server; from here: {here}", "سرور روشن می‌گوید وصل نیست؛ از اینجا: {here}"),
    Words(
        "{todo}; `link_down` in the log has the operator's answer", "{todo}؛ `link_down` در لاگ پاسخ اپراتور را دارد"
    ),
)
ON_TRIAL: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words(
        "on trial: it is bound and answers no submit, so it is sent one at a time",
        "در آزمون: وصل است و به هیچ submit پاسخ نمی‌دهد، پس یکی‌یکی به آن فرستاده می‌شود",
    ),
    Words(
        "ask the operator; nothing is lost meanwhile (docs/guide/operations.md)",
        "از اپراتور بپرسید؛ تا آن وقت چیزی گم نمی‌شود (docs/guide/operations.md)",
    ),
)
ODD: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words(
        "odd in what it has brought, and read all the same: {oddities} (docs/guide/received.md)",
        "در آنچه آورده شکلی ناجور بود و با این همه خوانده شد: {oddities} (docs/guide/received.md)",
    ),
)
WINDOW_FULL: Final = Sign(
    Words("link {link}", "لینک {link}"),
    Words("its window of {window} has been full for {age}{waits}", "پنجره‌اش با {window} جا {age} است پر است{waits}"),
    Words(
        "the operator answers more slowly than messages come: agree on a larger window and `payamak link change {link} "
        "--window N`, or give the lines another link",
        "اپراتور کندتر از آمدن پیام‌ها پاسخ می‌دهد: پنجرهٔ بزرگ‌تری توافق کنید و `payamak link change {link} "
        "--window N`، یا لینک دیگری به خط‌ها بدهید",
    ),
)
WINDOW_WAITS: Final = Words(
    "; {count:,} messages wait on its lines ({lines}), the oldest for {age}",
    "؛ {count:,} پیام روی خط‌هایش ({lines}) منتظر است، کهنه‌ترین {age}",
)

# --------------------------------------------------------------------------------------------- the server

NO_SERVER: Final = Sign(
    Words("server", "سرور"),
    Words("nobody answers on {where}: it is not running", "کسی روی {where} پاسخ نمی‌دهد: روشن نیست"),
    Words(
        "start it: `systemctl start payamak`, or `payamak serve`; where none should run, `doctor --offline`",
        "روشنش کنید: `systemctl start payamak`، یا `payamak serve`؛ جایی که نباید روشن باشد، `doctor --offline`",
    ),
)
OFFLINE: Final = Sign(
    NO_SERVER.name,
    Words(
        "nobody answers on {where}: it is not running, as --offline says",
        "کسی روی {where} پاسخ نمی‌دهد: روشن نیست، همان‌طور که --offline می‌گوید",
    ),
)
SERVER: Final = Sign(
    NO_SERVER.name,
    Words("{url} answers {status}: {text}", "{url} پاسخ {status} می‌دهد: {text}"),
    Words(
        "it stops, or the intake is suspended: `payamak resume intake`",
        "در حال توقف است، یا پذیرش متوقف است: `payamak resume intake`",
    ),
)
SERVER_NOT_TAKING: Final = Sign(
    SERVER.name,
    SERVER.says,
    Words(
        "see to what it says; after a disk that was full or hung it goes on by itself (docs/guide/operations.md)",
        "به آنچه می‌گوید برسید؛ پس از دیسکی که پر یا گیر بود خودش ادامه می‌دهد (docs/guide/operations.md)",
    ),
)
SERVER_WORK_FAILS: Final = Sign(
    SERVER.name,
    SERVER.says,
    Words(
        "this must not happen: the log has the error and its place; correct what it names, or report it",
        "این نباید پیش بیاید: خطا و جایش در لاگ است؛ آنچه را نام می‌برد درست کنید، یا گزارش دهید",
    ),
)
WORK: Final = Sign(
    Words("background work", "کارهای پس‌زمینه"), Words("goes on, says the running server", "سرور روشن می‌گوید پیش می‌رود")
)
WORK_FAILS: Final = Sign(
    WORK.name,
    Words("fails, says the running server", "سرور روشن می‌گوید خطا می‌دهد"),
    Words(
        "the log has the error and its place; correct what it names, or report it",
        "خطا و جایش در لاگ است؛ آنچه را نام می‌برد درست کنید، یا گزارش دهید",
    ),
)
MONEY: Final = Sign(
    Words("money", "پول"),
    Words("the purses differ from the ledger by {drift:,.0f} rial", "کیف‌ها {drift:,.0f} ریال با دفتر کل فرق دارند"),
    Words(
        "`payamak doctor --ledger` names the account; keep a backup and report it",
        "`payamak doctor --ledger` حساب را نام می‌برد؛ نسخه‌ای نگه دارید و گزارش دهید",
    ),
)
LOG: Final = Sign(
    Words("log", "لاگ"),
    Words(
        "its lines are taken; {lost:,.0f} lines were lost since the start",
        "سطرهایش گرفته می‌شود؛ از آغاز {lost:,.0f} سطر گم شد",
    ),
)
LOG_UNREAD: Final = Sign(
    LOG.name,
    Words(
        "nobody reads it; {lost:,.0f} lines were lost since the start",
        "کسی آن را نمی‌خواند؛ از آغاز {lost:,.0f} سطر گم شد",
    ),
    Words(
        "see to what standard error goes to: a pipe, a terminal, a disk; the gateway goes on",
        "ببینید خروجی خطای استاندارد به کجا می‌رود: لوله، ترمینال، دیسک؛ درگاه به کارش ادامه می‌دهد",
    ),
)

REFUSED_STATUS: Final[dict[int, tuple[Words, Words]]] = {
    0x0A: (
        Words("refuses every sender (0x0A)", "هر فرستنده‌ای را رد می‌کند (0x0A)"),
        Words(
            "look at source_ton and source_npi, and at how it wants the line written",
            "source_ton و source_npi و شکل نوشتن خط را بررسی کنید",
        ),
    ),
    0x0B: (
        Words("refuses every recipient (0x0B)", "هر گیرنده‌ای را رد می‌کند (0x0B)"),
        Words(
            "look at TON and NPI: recipient_ton and recipient_npi of the link",
            "TON و NPI را بررسی کنید: recipient_ton و recipient_npi لینک",
        ),
    ),
    0x15: (
        Words("refuses every service_type (0x15)", "هر service_type را رد می‌کند (0x15)"),
        Words("set service_type as the operator has given it", "service_type را همان بگذارید که اپراتور داده است"),
    ),
    0x48: (
        Words("refuses every sender's type (0x48)", "نوع هر فرستنده‌ای را رد می‌کند (0x48)"),
        Words("set source_ton as the operator has given it", "source_ton را همان بگذارید که اپراتور داده است"),
    ),
    0x49: (
        Words("refuses every sender's plan (0x49)", "طرح هر فرستنده‌ای را رد می‌کند (0x49)"),
        Words("set source_npi as the operator has given it", "source_npi را همان بگذارید که اپراتور داده است"),
    ),
    0x50: (
        Words("refuses every recipient's type (0x50)", "نوع هر گیرنده‌ای را رد می‌کند (0x50)"),
        Words("set recipient_ton as the operator has given it", "recipient_ton را همان بگذارید که اپراتور داده است"),
    ),
    0x51: (
        Words("refuses every recipient's plan (0x51)", "طرح هر گیرنده‌ای را رد می‌کند (0x51)"),
        Words("set recipient_npi as the operator has given it", "recipient_npi را همان بگذارید که اپراتور داده است"),
    ),
    0x62: (
        Words("refuses every validity period (0x62)", "هر مهلت اعتباری را رد می‌کند (0x62)"),
        Words("set validity: absolute, or none if it wants none", "validity را absolute بگذارید، یا اگر نمی‌خواهد none"),
    ),
}
"""By command_status (SMPP 3.4 §5.1.3): those that our settings bring about, and what to do."""
