"""Help, in Persian: each paragraph of a command's page and each meaning of a parameter, by its English.

The English stands in docstrings and beside parameters, where it is read; a test walks every page and finds what is
missing here, or stands here and nowhere else.
"""

# size: one table, a row for each paragraph of help
from __future__ import annotations

from typing import Final

PERSIAN: Final[dict[str, str]] = {
    "Commands": "فرمان‌ها",
    "Parameters": "گزینه‌ها",
    "Arguments": "ورودی‌ها",
    "Common": "مشترک",
    "Consent": "تأیید",
    "Server": "سرور",
    "Run": "اجرا",
    "Site": "پیکربندی",
    "Send": "ارسال",
    "Look": "دیدن",
    "Operator's hands": "دست راهبر",
    "Care": "نگهداری",
    "A self-hosted SMS gateway: HTTP in, SMPP 3.4 out, receipts back.": (
        "درگاه پیام کوتاه روی سرور خودتان: ورودی HTTP، خروجی SMPP 3.4، و رسیدها در بازگشت."
    ),
    (
        "Exit codes: 0 done · 1 refused, or a problem was found · 2 wrong usage or settings · 3 not "
        "reached, or the store failed. `payamak COMMAND --help` tells more; `--json` answers in a form for "
        "machines."
    ): (
        "کد خروج: 0 انجام شد · 1 رد شد یا مشکلی پیدا شد · 2 کاربرد یا تنظیم نادرست · 3 در دسترس نبود یا "
        "پایگاه داده کار نکرد. `payamak COMMAND --help` بیشتر می‌گوید؛ `--json` پاسخ را برای برنامه‌ها "
        "می‌دهد."
    ),
    "Display this message and exit.": "همین راهنما را نشان می‌دهد.",
    "Display application version.": "نسخهٔ برنامه را نشان می‌دهد.",
    "See everything at work, without an operator.": "دیدن همه‌چیز در حال کار، بی اپراتور.",
    "Run the gateway.": "اجرای درگاه.",
    "Run a simulated operator to test against.": "اجرای یک اپراتور شبیه‌سازی‌شده برای آزمایش.",
    "Bring accounts, lines, links and templates to what a file says.": (
        "رساندن حساب‌ها، خط‌ها، لینک‌ها و الگوها به آنچه فایل می‌گوید."
    ),
    "Write the site as such a file.": "نوشتن پیکربندی در چنین فایلی.",
    "Customers: credit, passwords, what they may use.": "مشتریان: اعتبار، گذرواژه، و آنچه می‌توانند به کار ببرند.",
    "Sender numbers, their prices and links.": "شماره‌های فرستنده، بها و لینک‌هایشان.",
    "Binds to operators.": "اتصال به اپراتورها.",
    "Approved texts of service lines.": "متن‌های تأییدشدهٔ خط‌های خدماتی.",
    "Who refuses which line.": "چه کسی از کدام خط انصراف داده است.",
    "Send one message, or a CSV file of them, over HTTP.": "ارسال یک پیام، یا یک فایل CSV، با HTTP.",
    "Send to the people of a file: check, start, pause, prove.": ("ارسال به افراد یک فایل: بررسی، آغاز، مکث، اثبات."),
    (
        "Send to the people of a file. Each row becomes one message at most, whatever dies; "
        "`prove` shows it. `new` reads a "
        "file, `check` says what would go and at which price, `start` holds that sum and begins; a "
        "running `payamak serve` "
        "sends."
    ): (
        "ارسال به افراد یک فایل. هر سطر حداکثر یک پیام می‌شود، هر چه هم از کار بیفتد؛ `prove` "
        "نشانش می‌دهد. `new` فایل را "
        "می‌خواند، `check` می‌گوید چه می‌رود و به چه بهایی، `start` آن مبلغ را نگه می‌دارد و آغاز "
        "می‌کند؛ `payamak serve` در حال "
        "کار می‌فرستد."
    ),
    "Read a file into a draft, and check it. Nothing is sent, and no money is held.": (
        "خواندن فایل در یک پیش‌نویس و بررسی آن. چیزی فرستاده نمی‌شود و پولی نگه داشته نمی‌شود."
    ),
    "csv, tsv or txt, or a workbook (xlsx, xls, ods); its first row names its columns.": (
        "csv، tsv یا txt، یا کارپوشه (xlsx، xls، ods)؛ سطر نخستش نام ستون‌هاست."
    ),
    "In whose name it is sent.": "به نام چه حسابی فرستاده می‌شود.",
    "The text, with names of columns in braces; without it the column `message` has it.": (
        "متن، با نام ستون‌ها میان آکولاد؛ بدون آن، ستون `message` متن را دارد."
    ),
    "Where a message goes if its recipient refuses the line.": (
        "اگر گیرنده از خط انصراف داده باشد، پیام با این خط می‌رود."
    ),
    "The number of the service line's text.": "شمارهٔ متن خط خدماتی.",
    "What it is called; without it the file's name.": "نام آن؛ بدون آن، نام فایل.",
    "The column with the numbers, where its name does not say so.": "ستون شماره‌ها، اگر نامش این را نمی‌گوید.",
    "Messages a minute at most.": "حداکثر پیام در دقیقه.",
    "Minutes for which a message is worth sending once it is made.": (
        "دقیقه‌هایی که پیام پس از ساخته شدن ارزش ارسال دارد."
    ),
    "The share of failed messages at which it pauses by itself; 1 is never.": (
        "سهم پیام‌های ناموفق که با آن خودش مکث می‌کند؛ 1 یعنی هرگز."
    ),
    "Write the rows that are left out, with their reasons, as CSV.": "نوشتن سطرهای کنارگذاشته با دلیلشان در یک CSV.",
    "Look at every row again: what would go, what is left out and why, what it costs. Nothing is sent.": (
        "نگاه دوباره به همهٔ سطرها: چه می‌رود، چه کنار گذاشته می‌شود و چرا، و چه بهایی دارد. چیزی فرستاده نمی‌شود."
    ),
    "When: `2026-11-26T18:00`, `1405/09/05 18:00`; without it at once.": (
        "چه زمانی: `2026-11-26T18:00`، `1405/09/05 18:00`؛ بدون آن، همین حالا."
    ),
    "Hold what it costs at most, and begin to send. You are shown the sum and asked.": (
        "نگه داشتن حداکثر بهای آن و آغاز ارسال. مبلغ نشان داده و پرسیده می‌شود."
    ),
    "What is not needed of that sum comes back. Two starts are one; one of another sum than you saw is refused.": (
        "آنچه از آن مبلغ لازم نشود بازمی‌گردد. دو بار آغاز، یک آغاز است؛ آغاز با مبلغی جز آنچه دیدید رد می‌شود."
    ),
    "Stop it: no further row is sent, and what waits is stopped. What is on the wire goes its way.": (
        "مکث: سطر دیگری فرستاده نمی‌شود و آنچه منتظر است می‌ایستد. آنچه برای اپراتور فرستاده شده راه خود را می‌رود."
    ),
    "Let it go on, in the order of its rows; none is sent twice.": (
        "ادامه، به ترتیب سطرها؛ هیچ‌کدام دو بار فرستاده نمی‌شود."
    ),
    "End it: rows that were not sent are left out, messages that wait are taken back, their money comes back.": (
        "پایان دادن: سطرهای فرستاده‌نشده کنار گذاشته و پیام‌های منتظر پس گرفته می‌شود و پولشان بازمی‌گردد."
    ),
    "What is on the wire or further goes its way. You are asked.": (
        "آنچه برای اپراتور فرستاده شده یا پس از آن است راه خود را می‌رود. از شما پرسیده می‌شود."
    ),
    "Go on below this number, for the next page.": "ادامه از زیر این شماره، برای صفحهٔ بعد.",
    "List campaigns, the newest first.": "فهرست ارسال‌های گروهی، تازه‌ترین نخست.",
    "How far it is: rows by what became of them, money, and why it stands still if it does.": (
        "تا کجا رسیده: سطرها بر پایهٔ سرانجامشان، پول، و دلیل ایستادنش اگر ایستاده است."
    ),
    (
        "Count it row by row: row, message, attempts, receipts, rial; no row twice, none lost, the sums of the ledger."
    ): "شمارش سطر به سطر: سطر، پیام، تلاش‌ها، رسیدها، ریال؛ هیچ سطری دوباره یا گم نیست و جمع‌ها با دفتر می‌خواند.",
    "Exit code 1 if anything does not agree. It looks through all of the campaign's rows.": (
        "کد خروج 1 اگر چیزی نخواند. همهٔ سطرهای ارسال گروهی را می‌خواند."
    ),
    "Tell how its messages ended and what they cost, by line and language; from sums, which outlive the messages.": (
        "سرانجام پیام‌هایش و بهایشان، به تفکیک خط و زبان؛ از جمع‌ها، که با حذف پیام‌ها می‌مانند."
    ),
    (
        "Make a draft for the people of a campaign, those whom it did not reach, those whom it did, or all; and check "
        "it."
    ): "پیش‌نویسی برای افراد یک ارسال گروهی: آن‌ها که نرسید، آن‌ها که رسید، یا همه. بررسی هم می‌شود.",
    "Which of its rows.": "کدام سطرهایش.",
    "Ask over HTTP where messages stand.": "پرسیدن وضعیت پیام‌ها با HTTP.",
    "List messages by recipient, line, state or time.": "فهرست پیام‌ها بر پایهٔ گیرنده، خط، وضعیت یا زمان.",
    "The whole story of a message, and what happens next.": "سرگذشت کامل یک پیام و آنچه در پیش است.",
    "What waits, and why.": "چه چیزی منتظر است و چرا.",
    "How messages ended and what they cost, by day, line, language or operator.": (
        "پیام‌ها چه شدند و چه هزینه داشتند، به تفکیک روز، خط، زبان یا اپراتور."
    ),
    "Receipts that belong to no known message.": "رسیدهایی که از آنِ هیچ پیامی نیستند.",
    "What operators brought and we could not read or handle.": (
        "آنچه اپراتورها آوردند و نتوانستیم بخوانیم یا به کار ببریم."
    ),
    "What handsets sent, and its posts to customers; post again.": (
        "آنچه گوشی‌ها فرستادند و ارسالش به مشتریان؛ ارسال دوباره."
    ),
    "What customers were told of states; post again; try a webhook.": (
        "خبر وضعیت‌ها برای مشتریان؛ ارسال دوباره؛ آزمایش وب‌هوک."
    ),
    "Stop a line, a link, or the intake.": "متوقف کردن یک خط، یک لینک یا پذیرش.",
    "Let it go on.": "به کار انداختن دوباره.",
    "Take waiting messages back.": "پس گرفتن پیام‌های منتظر.",
    "Move waiting messages to another line.": "انتقال پیام‌های منتظر به خطی دیگر.",
    "Copy the store to a file while it is in use.": "نسخه‌برداری از پایگاه داده هنگام کار.",
    "Put a copy of the store back; what waits in it is held.": (
        "بازگرداندن نسخه‌ای از پایگاه داده؛ پیام‌های منتظرش نگه داشته می‌شود."
    ),
    "Bring the store to this program's schema.": "رساندن پایگاه داده به طرح این نسخه از برنامه.",
    "Look for problems and say what to do.": "جست‌وجوی مشکل‌ها و گفتن راه‌حل.",
    "Whether the machine's clock has jumped; accept it.": "آیا ساعت دستگاه جهش کرده است؛ پذیرفتن آن.",
    "All settings: meaning, unit, allowed, value and where it comes from.": (
        "همهٔ تنظیم‌ها: معنا، یکا، مقدار مجاز، مقدار و سرچشمه‌اش."
    ),
    "Show a whole gateway at work: two simulated operators, the manual's five scenarios, a live table.": (
        "درگاهی کامل را در حال کار نشان می‌دهد: دو اپراتور شبیه‌سازی‌شده، پنج سناریوی راهنما، و جدولی زنده."
    ),
    "It goes on serving afterwards, until Ctrl-C: a sandbox to write a program against.": (
        "سپس تا Ctrl-C روشن می‌ماند تا برنامهٔ خود را با آن بیازمایید."
    ),
    "Exit when all messages are final: with 0 only if each came out as the manual says.": (
        "وقتی همهٔ پیام‌ها به سرانجام رسیدند تمام می‌شود: با 0 تنها اگر همه همان‌گونه شد که راهنما می‌گوید."
    ),
    "The port for HTTP; 0 takes a free one.": "درگاه HTTP؛ 0 یعنی هر درگاه آزاد.",
    "A folder for the store; without it everything is forgotten at the end.": (
        "پوشه‌ای برای پایگاه داده؛ بدون آن در پایان همه‌چیز پاک می‌شود."
    ),
    "Write what an outside test tool needs (address, accounts, recipients) to this file, as JSON.": (
        "نوشتن آنچه ابزار آزمایش بیرونی لازم دارد (نشانی، حساب‌ها، گیرنده‌ها) در این فایل، به شکل JSON."
    ),
    (
        "Run the gateway until Ctrl-C or SIGTERM; then it stops cleanly, in under 3 s. A second signal ends it at once."
    ): (
        "درگاه را تا Ctrl-C یا SIGTERM اجرا می‌کند؛ سپس در کمتر از ۳ ثانیه پاکیزه می‌ایستد. سیگنال دوم "
        "همان دم تمامش می‌کند."
    ),
    (
        "SIGHUP reads the settings again and takes over `log_level`, `log_states` and `trusted_networks`; "
        "it ends nothing."
    ): (
        "SIGHUP تنظیم‌ها را دوباره می‌خواند و `log_level` و `log_states` و `trusted_networks` را اعمال "
        "می‌کند؛ چیزی را تمام نمی‌کند."
    ),
    (
        "Settings come from `--config FILE` (TOML), from the environment as PAYAMAK_NAME, and from these "
        "options, the later above the earlier; `payamak config` explains all of them. Logs are JSON lines "
        "on standard error."
    ): (
        "تنظیم‌ها از `--config FILE` ‏(TOML)، از محیط به شکل PAYAMAK_NAME و از همین گزینه‌ها می‌آید و هر "
        "یک بر پیشین می‌چربد؛ `payamak config` همه را شرح می‌دهد. گزارش‌ها سطرهای JSON روی خروجی خطا "
        "هستند."
    ),
    "The settings file.": "فایل تنظیم‌ها.",
    "The SQLite file that keeps everything, or the address of a PostgreSQL database.": (
        "فایل SQLite که همه‌چیز در آن است، یا نشانی پایگاه دادهٔ PostgreSQL."
    ),
    "The address to listen on.": "نشانی‌ای که روی آن گوش می‌دهد.",
    "The port to listen on; 0 takes a free one.": "درگاهی که روی آن گوش می‌دهد؛ 0 یعنی هر درگاه آزاد.",
    "How much is logged: debug, info, warning, error.": "میزان گزارش: debug، info، warning، error.",
    (
        "The store is a copy that was put back with all that lies beside it (a snapshot of the machine), "
        "which cannot be noticed: hold what waits in it until `payamak resume restored`. For one start, "
        "not for the unit's file."
    ): (
        "پایگاه داده نسخه‌ای است که با هر چه کنارش بوده (تصویر لحظه‌ای ماشین) بازگردانده شده و این دیدنی "
        "نیست: آنچه در آن منتظر است تا `payamak resume restored` نگه داشته شود. برای یک بار راه‌اندازی، نه "
        "برای فایل سرویس."
    ),
    "Say where it listens as one line of JSON.": "جایی را که گوش می‌دهد در یک سطر JSON بگوید.",
    ("Show what a site file would change, ask, and bring accounts, lines, links and templates to what it says."): (
        "نشان می‌دهد فایل پیکربندی چه چیزی را تغییر می‌دهد، می‌پرسد، و حساب‌ها و خط‌ها و لینک‌ها و الگوها "
        "را به آنچه می‌گوید می‌رساند."
    ),
    (
        "Nothing is changed unless all of the file is right, and then all at once. What the file does not "
        'name is kept. Passwords: `password = "env:NAME"` (or in clear) for accounts, hashed here; where '
        "none is given the stored one stays, and so does a suspension. Exit code 2 if the file is wrong, 1 "
        "if you answer no."
    ): (
        "تا همهٔ فایل درست نباشد چیزی تغییر نمی‌کند، و سپس همه با هم. آنچه در فایل نیست می‌ماند. گذرواژه: "
        '`password = "env:NAME"` (یا آشکار) برای حساب‌ها که همین‌جا درهم می‌شود؛ اگر داده نشود گذرواژهٔ '
        "پیشین می‌ماند، و توقف هم. کد خروج 2 اگر فایل نادرست باشد، 1 اگر پاسخ شما نه باشد."
    ),
    "The site file, TOML: tables [[link]], [[line]], [[account]].": (
        "فایل پیکربندی، TOML: جدول‌های [[link]]، [[line]]، [[account]]."
    ),
    "Do not ask.": "نپرس.",
    "Only show.": "فقط نشان بده.",
    "Also remove what the file does not name.": "آنچه در فایل نیست حذف هم بشود.",
    "The store, a SQLite file or postgresql://…; else the setting `database`.": (
        "جای داده‌ها، فایل SQLite یا postgresql://…؛ وگرنه تنظیم `database`."
    ),
    "A settings file; else PAYAMAK_CONFIG.": "فایل تنظیم‌ها؛ وگرنه PAYAMAK_CONFIG.",
    "Answer in JSON, for machines.": "پاسخ به شکل JSON، برای برنامه‌ها.",
    "Write the site as a file for `payamak apply`; applying it again changes nothing.": (
        "پیکربندی را در فایلی برای `payamak apply` می‌نویسد؛ اعمال دوبارهٔ آن چیزی را تغییر نمی‌دهد."
    ),
    "Where to write; without it, standard output. A file that exists is replaced.": (
        "جای نوشتن؛ بدون آن، خروجی استاندارد. فایلی که هست جایگزین می‌شود."
    ),
    "Write password hashes and link passwords too; the file is then readable by its owner only.": (
        "درهم‌سازی گذرواژه‌ها و گذرواژهٔ لینک‌ها هم نوشته شود؛ آن‌گاه فایل را تنها صاحبش می‌خواند."
    ),
    "Customers: what they may use, how they are answered, passwords, credit.": (
        "مشتریان: آنچه می‌توانند به کار ببرند، شیوهٔ پاسخ به آن‌ها، گذرواژه، اعتبار."
    ),
    "Add an account. Without a password nobody can use it yet.": (
        "افزودن حساب. تا گذرواژه نداشته باشد کسی نمی‌تواند به کارش ببرد."
    ),
    "Change an account.": "تغییر حساب.",
    "Add rial to an account, or take them away (below zero), by an entry in the ledger.": (
        "افزودن ریال به حساب، یا برداشتن از آن (عدد منفی)، با ثبت در دفتر."
    ),
    (
        "Whole rial, or it is refused. More than the account has is taken only with --allow-negative; it "
        "then sends nothing that costs until it has paid. With --reference it is safe to repeat: what was "
        "entered under it before changes nothing, and another amount under it is refused."
    ): (
        "فقط ریال درست، وگرنه رد می‌شود. بیش از موجودی تنها با --allow-negative برداشته می‌شود؛ سپس حساب "
        "تا پرداخت نکند چیز هزینه‌دار نمی‌فرستد. با --reference تکرارش بی‌خطر است: آنچه پیش‌تر با آن ثبت "
        "شده چیزی را تغییر نمی‌دهد و مبلغ دیگری با آن رد می‌شود."
    ),
    "List all accounts with their balances in rial.": "فهرست همهٔ حساب‌ها با اعتبارشان به ریال.",
    "Change the web-service password: asked for twice, or by --stdin, or from a variable.": (
        "تغییر گذرواژهٔ وب‌سرویس: دو بار پرسیده می‌شود، یا با --stdin، یا از یک متغیر."
    ),
    "Remove an account, after you were asked; refused while it has money or messages under way.": (
        "حذف حساب پس از پرسش؛ تا پول یا پیام در راه دارد رد می‌شود."
    ),
    (
        "The refusal says what to do first. Its past messages and its ledger stay in the store, and a new "
        "account of its name has them again."
    ): (
        "پیام رد می‌گوید اول چه باید کرد. پیام‌های گذشته و دفترش در پایگاه داده می‌ماند و حساب تازه‌ای با "
        "همان نام دوباره آن‌ها را دارد."
    ),
    (
        "Show every key of one account, defaults included, and its money in rial: available, and reserved for messages."
    ): "نمایش همهٔ کلیدهای یک حساب، با پیش‌فرض‌ها، و پولش به ریال: در دسترس، و رزروشده برای پیام‌ها.",
    "Only show what would be done; nothing is.": "فقط نشان بده چه می‌شد؛ چیزی انجام نمی‌شود.",
    "KEY=VALUE for any key below, as TOML or plain text; repeat it.": (
        "KEY=VALUE برای هر کلیدِ پایین، به شکل TOML یا متن ساده؛ تکرارپذیر."
    ),
    "A line it may use; repeat it.": "خطی که می‌تواند به کار ببرد؛ تکرارپذیر.",
    "The line where none is given.": "خط، وقتی خطی داده نشود.",
    "The line of type=2.": "خط برای type=2.",
    "The line of type=1, Chelcheleh.": "خط برای type=1، چلچله.",
    "A client address or network; repeat it.": "نشانی یا شبکهٔ مشتری؛ تکرارپذیر.",
    "Where each change of a message's state is posted.": "نشانی‌ای که هر تغییر وضعیت پیام به آن فرستاده می‌شود.",
    "env:NAME, what signs those posts.": "env:NAME، آنچه آن ارسال‌ها را امضا می‌کند.",
    "env:NAME, read now; never a password in clear.": "env:NAME، که همین حالا خوانده می‌شود؛ هرگز گذرواژهٔ آشکار.",
    "Read the password from standard input.": "گذرواژه از ورودی استاندارد خوانده شود.",
    "What whoever pays calls this payment: given again, it is not entered a second time.": (
        "نامی که پرداخت‌کننده به این پرداخت می‌دهد: اگر دوباره داده شود، بار دوم ثبت نمی‌شود."
    ),
    "Take more than the account has: its balance falls below zero.": "برداشتن بیش از موجودی: اعتبار منفی می‌شود.",
    "Sender numbers: their kind, their prices per part, the links they go by, their rules.": (
        "شماره‌های فرستنده: نوع، بهای هر بخش، لینک‌هایی که از آن‌ها می‌روند، و قاعده‌هایشان."
    ),
    "Add a line.": "افزودن خط.",
    "Change a line.": "تغییر خط.",
    "List all.": "فهرست همه.",
    "Remove one, after you were asked; refused while another document names it, or messages wait on it.": (
        "حذف یکی پس از پرسش؛ تا چیز دیگری نامش را می‌برد یا پیامی روی آن منتظر است رد می‌شود."
    ),
    "The refusal says what to do first.": "پیام رد می‌گوید اول چه باید کرد.",
    "Show every key of one, defaults included.": "نمایش همهٔ کلیدهای یکی، با پیش‌فرض‌ها.",
    "advertising, service or sim.": "advertising (تبلیغاتی)، service (خدماتی) یا sim (سیم‌کارت).",
    "A link, in order of preference; repeat it.": "یک لینک، به ترتیب اولویت؛ تکرارپذیر.",
    "Price of a Latin part, in rial.": "بهای هر بخش لاتین، به ریال.",
    "Price of a Persian part, in rial.": "بهای هر بخش فارسی، به ریال.",
    "Binds to operators: address, login, window, pace, what their statuses mean.": (
        "اتصال به اپراتورها: نشانی، نام کاربری، پنجره، سرعت، و معنای وضعیت‌هایشان."
    ),
    "Add a link.": "افزودن لینک.",
    "Change a link; it is bound anew.": "تغییر لینک؛ از نو وصل می‌شود.",
    (
        "Forget what was learned of an operator's ids, after you were asked; it is learned anew from the next receipts."
    ): ("فراموش کردن آنچه از شناسه‌های یک اپراتور آموخته شده، پس از پرسش؛ از رسیدهای بعدی دوباره آموخته می‌شود."),
    "Show what was learned of how each operator writes message ids, and how many of its receipts wait.": (
        "نشان می‌دهد از شیوهٔ نوشتن شناسهٔ هر اپراتور چه آموخته شده و چند رسیدش منتظر است."
    ),
    "`id_base` of a link overrules what was learned. See docs/guide/receipts.md.": (
        "`id_base` لینک بر آنچه آموخته شده می‌چربد. docs/guide/receipts.md را ببینید."
    ),
    "The operator's address.": "نشانی اپراتور.",
    "The operator's port.": "درگاه اپراتور.",
    "The login's name.": "نام کاربری.",
    "env:NAME, read from the environment when the link starts.": (
        "env:NAME، که هنگام راه افتادن لینک از محیط خوانده می‌شود."
    ),
    "Parts without an answer at a time.": "بخش‌های بی‌پاسخ در یک زمان.",
    "The pace; 0 is without limit.": "سرعت؛ 0 یعنی بی‌سقف.",
    "Read the password from standard input; it is kept in the store.": (
        "گذرواژه از ورودی استاندارد خوانده شود؛ در پایگاه داده می‌ماند."
    ),
    "The operator's name: a link's `upstream`, or the link's own name if it has none.": (
        "نام اپراتور: `upstream` لینک، یا اگر ندارد نام خود لینک."
    ),
    "Approved texts of an account, with placeholders in braces: `کد ورود شما: {code}`.": (
        "متن‌های تأییدشدهٔ یک حساب، با جای‌نگه‌دار میان آکولاد: `کد ورود شما: {code}`."
    ),
    "Add a text.": "افزودن متن.",
    "Put another text, with its patterns, in the place of one.": "گذاشتن متنی دیگر، با قالب‌هایش، به‌جای یکی.",
    "List the texts of one account, or of all.": "فهرست متن‌های یک حساب، یا همه.",
    "Remove a text, after you were asked: what only it allows is refused with 34 from then on.": (
        "حذف متن پس از پرسش: آنچه فقط با آن مجاز است از آن پس با 34 رد می‌شود."
    ),
    "Show one text.": "نمایش یک متن.",
    "NAME=REGEX that a value must match; repeat it.": "NAME=REGEX که مقدار باید با آن بخواند؛ تکرارپذیر.",
    "Let every text pass as it is.": "هر متنی همان‌طور که هست بگذرد.",
    "The text that template=0 means.": "متنی که template=0 یعنی همان.",
    "Opt-outs: imported ones, ones made by hand, and ones learned from operators.": (
        "انصراف‌ها: واردشده، ثبت‌شده با دست، و آموخته از اپراتورها."
    ),
    "Add one by hand.": "ثبت یکی با دست.",
    ("Write the whole list into a new file, for `payamak restore --opt-outs`; `payamak backup` does so by itself."): (
        "نوشتن همهٔ فهرست در فایلی تازه، برای `payamak restore --opt-outs`؛ `payamak backup` خودش این کار را می‌کند."
    ),
    (
        "Forget what is known of a recipient, on one line or on all; `--line '*'` for the operator-wide entry."
    ): "فراموش کردن انصراف یک گیرنده، روی یک خط یا همه؛ `--line '*'` برای فهرست سراسری اپراتور.",
    "You are told of how many lines and asked: what is forgotten keeps nobody from sending to them.": (
        "تعداد خط‌ها گفته و پرسیده می‌شود: آنچه فراموش شود دیگر جلو ارسال را نمی‌گیرد."
    ),
    (
        "Import a list, one number a line in any spelling. What is no number is told and skipped; the exit "
        "code is then 1."
    ): ("وارد کردن فهرست، هر سطر یک شماره به هر شکل. آنچه شماره نیست گفته و نادیده گرفته می‌شود؛ آن‌گاه کد خروج 1 است."),
    ("Empty lines and those that begin with # are passed over. The list may be long: it goes in, in steps of 1,000."): (
        "سطرهای خالی و آن‌هایی که با # آغاز می‌شوند رد می‌شوند. فهرست می‌تواند بلند باشد: هزارتا هزارتا وارد می‌شود."
    ),
    "List opt-outs by recipient, page by page.": "فهرست انصراف‌ها به ترتیب گیرنده، صفحه‌به‌صفحه.",
    "Show what is known of one recipient.": "نمایش انصراف‌های یک گیرنده.",
    "One line (33).": "یک خط (33).",
    "Every advertising line, as the operator's own list (27).": "همهٔ خط‌های تبلیغاتی، مانند فهرست خود اپراتور (27).",
    "How long it holds; without it, for good.": "تا کی برقرار است؛ بدون آن، برای همیشه.",
    'Of this line only; "*" is the operator-wide list.': "فقط از این خط؛ «*» فهرست سراسری اپراتور است.",
    "Go on after this recipient.": "ادامه پس از این گیرنده.",
    "Send one message, or every row of a file.": "ارسال یک پیام، یا همهٔ سطرهای یک فایل.",
    (
        "The file's first row names its columns: `mobile` and `message`, and if wanted `line`, `line2`, `type`, "
        "`template`; what a row leaves empty is taken from the options. What became of each row is written to a second "
        "file. If it is stopped, killed, or the server is gone, --resume sends what is missing; a row whose answer was "
        "lost is counted and left. Exit code 1 if anything was refused or is missing. The server tells no price "
        "beforehand, and takes no time at which to send."
    ): (
        "سطر نخست فایل نام ستون‌هاست: `mobile` و `message`، و اگر خواستید `line`، `line2`، `type`، `template`؛ آنچه "
        "سطری خالی بگذارد از گزینه‌ها می‌آید. نتیجهٔ هر سطر در فایل دومی نوشته می‌شود. اگر متوقف یا کشته شود یا سرور "
        "برود، ‎--resume مانده را می‌فرستد؛ سطری که پاسخش گم شده شمرده و کنار گذاشته می‌شود. کد خروج 1 اگر چیزی رد شود "
        "یا بماند. "
        "سرور پیشاپیش بها نمی‌گوید و زمان ارسال نمی‌پذیرد."
    ),
    "Go on with a file that was begun: rows that were taken, refused or may have been sent are left.": (
        "ادامهٔ فایلی که آغاز شده است: سطرهای پذیرفته، ردشده یا شاید فرستاده‌شده کنار می‌مانند."
    ),
    "With --resume: send rows again whose answer was lost. Whoever had the first then has a second.": (
        "با ‎--resume: سطرهایی که پاسخشان گم شد دوباره فرستاده می‌شود. هر که نخستین را گرفته باشد دومی را هم می‌گیرد."
    ),
    "The recipient.": "گیرنده.",
    "The text; for a template, also its value.": "متن؛ برای الگو، مقدارش هم می‌تواند باشد.",
    "The sender number; without it the account's default line.": "شمارهٔ فرستنده؛ بدون آن خط پیش‌فرض حساب.",
    "Where it goes if the recipient refuses the line.": "اگر گیرنده از خط انصراف داده باشد با این خط می‌رود.",
    "0 normal, 1 Chelcheleh, 2 the service line; after a line it is taken only if that is refused.": (
        "0 معمولی، 1 چلچله، 2 خط خدماتی؛ پس از یک خط، تنها اگر گیرنده از آن انصراف داده باشد."
    ),
    "The number of the service line's text; 0 is the only or default one.": (
        "شمارهٔ متن خط خدماتی؛ 0 متن یگانه یا پیش‌فرض است."
    ),
    "Minutes for which it is worth sending, 1 to 10080.": "تا چند دقیقه به فرستادن می‌ارزد، 1 تا 10080.",
    "A file of messages: csv, tsv or txt, or a workbook (xlsx, xls, ods).": (
        "فایلی از پیام‌ها: csv یا tsv یا txt، یا کارپوشهٔ اکسل (xlsx، xls، ods)."
    ),
    "Where to write what became of the rows; without it, beside the file as NAME.sent.csv.": (
        "جای نوشتن نتیجهٔ سطرها؛ بدون آن، کنار فایل با نام NAME.sent.csv."
    ),
    "Requests at a time.": "درخواست‌های هم‌زمان.",
    "The server; else PAYAMAK_URL, else our own settings' address.": (
        "سرور؛ وگرنه PAYAMAK_URL، وگرنه نشانی تنظیم‌های خودمان."
    ),
    "Else PAYAMAK_USERNAME.": "وگرنه PAYAMAK_USERNAME.",
    "env:NAME; else PAYAMAK_PASSWORD. Never a password in clear.": (
        "env:NAME؛ وگرنه PAYAMAK_PASSWORD. هرگز گذرواژهٔ آشکار."
    ),
    "Ask where messages stand, by the ids that sending them answered.": (
        "پرسیدن وضعیت پیام‌ها با شناسه‌هایی که هنگام ارسال پاسخ داده شد."
    ),
    "List messages, newest first, by any of recipient, line, state, account and time.": (
        "فهرست پیام‌ها، تازه‌ترین اول، بر پایهٔ گیرنده، خط، وضعیت، حساب و زمان."
    ),
    "In any spelling.": "به هر شکل نوشتن.",
    "The line that the message stands on now.": "خطی که پیام اکنون روی آن است.",
    "Where it stands.": "وضعیتش.",
    "Whose it is.": "از کدام حساب.",
    "How many at most; without it 50, or all with --out.": "بیشینهٔ شمار؛ بی آن ۵۰، یا همه با ‎--out.",
    "Go on below this id, for the next page.": "ادامه از زیر این شناسه، برای صفحهٔ بعد.",
    "Show the texts too.": "متن‌ها هم نشان داده شود.",
    "Tell all of one message: its plan, attempts, answers, receipts, money, what happens next and why.": (
        "همهٔ سرگذشت یک پیام: مسیر، تلاش‌ها، پاسخ‌ها، رسیدها، پول، و آنچه در پیش است و چرا."
    ),
    "As wsSend answered it.": "همان که wsSend پاسخ داد.",
    ("Show what waits or is under way, by line, class and state, and why: also what keeps all of a line waiting."): (
        "نشان می‌دهد چه چیزی منتظر یا در راه است، به تفکیک خط، رده و وضعیت، و چرا: و آنچه همهٔ یک خط را منتظر نگه می‌دارد."
    ),
    "That is a line or its links suspended, a line without links, or one that was removed.": (
        "یعنی خط یا لینک‌هایش متوقف باشند، خط لینک نداشته باشد، یا حذف شده باشد."
    ),
    "Count the parts that were sent, by line and upstream: taken, delivered, and sent a second time.": (
        "شمارش بخش‌های فرستاده، به تفکیک خط و اپراتور: گرفته‌شده، تحویل‌شده، و دوباره فرستاده."
    ),
    (
        "It looks through the messages that are still there; what was charged for them is told by `payamak stats`."
    ): "پیام‌هایی را می‌بیند که هنوز هستند؛ آنچه برایشان برداشت شده در `payamak stats` است.",
    (
        "Count the messages that have ended, how, and what was charged: by whole days in Tehran, from sums."
    ): "شمارش پیام‌های پایان‌یافته، چگونگی پایانشان و مبلغ برداشت: به روزهای کامل تهران، از جمع‌ها.",
    (
        "A message is counted on the day of its end, money on the day on which it moves; both stay when messages are "
        "removed. An operator is the first one of a number, by the numbering plan: numbers are carried to others. "
        "Parts by operator, and copies, are told by `payamak link traffic`."
    ): (
        "پیام در روزِ پایانش شمرده می‌شود و پول در روزی که جابه‌جا می‌شود؛ هر دو پس از حذف پیام‌ها می‌مانند. اپراتور، "
        "اپراتورِ نخستِ شماره در طرح شماره‌گذاری است: شماره‌ها ترابرد می‌شوند. بخش‌ها به تفکیک اپراتور، و نسخه‌ها، در "
        "`payamak link traffic` است."
    ),
    "The first day: `30d` (ago), `today`, `1405/09/05`.": "نخستین روز: `30d` (پیش)، `today`، `1405/09/05`.",
    "The last day; without it today.": "واپسین روز؛ بی آن، امروز.",
    "Of one account.": "از یک حساب.",
    "What they are told apart by; repeat it.": "به چه تفکیکی؛ تکرارپذیر.",
    "Write the rows to a new file, by its name .csv or .xlsx, instead of showing them.": (
        "سطرها را به‌جای نمایش در فایلی تازه می‌نویسد، بنا به نامش ‎.csv یا ‎.xlsx."
    ),
    (
        "Show an account's money in a Jalali month: what it had, was paid in, was charged by line and language, "
        "and has."
    ): "پول یک حساب در یک ماه شمسی: آنچه داشت، واریز شد، به تفکیک خط و زبان برداشت شد، و آنچه دارد.",
    (
        "By sums that stay when messages are removed. What is set aside for messages under way is still the account's. "
        "Tax is not in it."
    ): (
        "از جمع‌هایی که پس از حذف پیام‌ها می‌مانند. آنچه برای پیام‌های در راه کنار گذاشته شده هنوز از آنِ حساب است. مالیات "
        "در آن نیست."
    ),
    "Say what so many percent of tax would be.": "می‌گوید مالیات با این درصد چقدر می‌شود.",
    "As `1405/08`; without it, this month as it stands.": "مانند `1405/08`؛ بی آن، همین ماه تا این لحظه.",
    "Whose.": "از آنِ که.",
    "Show an account's money day by day: each payment, what a day charged and paid back, and what was left.": (
        "پول یک حساب روز به روز: هر واریز، برداشت و بازگشت هر روز، و ماندهٔ آن."
    ),
    "By sums that stay when messages are removed; the entries of one message are shown by `payamak show`.": (
        "از جمع‌هایی که پس از حذف پیام‌ها می‌مانند؛ ثبت‌های یک پیام را `payamak show` نشان می‌دهد."
    ),
    (
        "Copies are parts that went again because the answer to an earlier try was lost. Operators charge "
        "for them, customers do not pay for them (docs/promise.md, P3 and P5)."
    ): (
        "نسخه‌ها بخش‌هایی هستند که چون پاسخ تلاش پیشین گم شد دوباره رفتند. اپراتورها هزینه‌شان را می‌گیرند "
        "و مشتریان نمی‌پردازند (docs/promise.md، P3 و P5)."
    ),
    (
        "List receipts that belong to no known message, newest first, with what was tried and why none will do."
    ): "فهرست رسیدهایی که از آنِ هیچ پیامی نیستند، تازه‌ترین اول، با آنچه امتحان شد و چرا نشد.",
    (
        "They are early ones whose answer has not come, or belong to messages that were removed or sent by "
        "another program. They are kept as long as any account keeps its messages. See "
        "docs/guide/receipts.md."
    ): (
        "یا زود رسیده‌اند و پاسخشان نیامده، یا از آنِ پیام‌های حذف‌شده یا برنامهٔ دیگری هستند. تا وقتی "
        "حسابی پیام‌هایش را نگه می‌دارد می‌مانند. docs/guide/receipts.md را ببینید."
    ),
    (
        "List what operators brought and nobody could read, or what failed in our hands three times; it "
        "was acknowledged."
    ): ("فهرست آنچه اپراتورها آوردند و خواندنی نبود، یا سه بار نزد ما ناکام ماند؛ رسیدش به اپراتور اعلام شده است."),
    (
        "`Unread`: the octets end before the text does; where, stands beside it. Any other error is a bug "
        "of ours, or of what the store holds. See docs/guide/operations.md. Before all are removed you are "
        "told how many and asked; what comes meanwhile stays."
    ): (
        "`Unread`: بایت‌ها پیش از متن تمام می‌شوند؛ جایش کنارش آمده است. هر خطای دیگر اشکال ماست، یا اشکال "
        "داده‌ها. docs/guide/operations.md را ببینید. پیش از حذف همه، تعداد گفته و پرسیده می‌شود؛ آنچه در "
        "این میان بیاید می‌ماند."
    ),
    "One of them, with its octets in hex: they hold what came.": (
        "یکی از آن‌ها، با بایت‌هایش به هگز: هر چه آمده در آن است."
    ),
    "Remove it, or all: a person has seen them.": "حذف یکی یا همه: کسی آن‌ها را دیده است.",
    "Messages from handsets, and their posts to customers.": "پیام‌های گوشی‌ها و ارسالشان به مشتریان.",
    "List messages from handsets, newest first.": "فهرست پیام‌های گوشی‌ها، تازه‌ترین اول.",
    (
        "Post messages once more: those named, or, of a line, those that were given up, after you were told how many."
    ): "ارسال دوبارهٔ پیام‌ها: آن‌هایی که نام برده‌اید، یا رهاشده‌های یک خط، پس از گفتن تعداد.",
    (
        "They get the same Webhook-Id as before, and three days of tries. What still waits is left as it "
        "is. What did not count for its line counts from then on if its link does now."
    ): (
        "همان Webhook-Id پیشین را می‌گیرند و سه روز تلاش. آنچه هنوز منتظر است دست نمی‌خورد. آنچه برای خطش "
        "به حساب نیامده بود، اگر لینکش اکنون می‌آید، از آن پس به حساب می‌آید."
    ),
    "Of this line, in either spelling.": "از این خط، به هر دو شکل.",
    "From this number, in any spelling.": "از این شماره، به هر شکل.",
    "Where its post stands.": "وضعیت ارسالش.",
    "Only those of a link that did not count for their line.": (
        "فقط آن‌ها که از لینکی آمدند که برای خطشان به حساب نمی‌آمد."
    ),
    "With --line: those that did not count, and whose link counts now.": (
        "با --line: آن‌ها که به حساب نیامدند و لینکشان اکنون می‌آید."
    ),
    (
        "What customers are told of their messages' states, and what did not arrive. An account gets a "
        "webhook by `payamak account change NAME --webhook-url … --webhook-secret env:…`."
    ): (
        "آنچه از وضعیت پیام‌ها به مشتریان گفته می‌شود و آنچه نرسید. حساب با `payamak account change NAME "
        "--webhook-url … --webhook-secret env:…` وب‌هوک می‌گیرد."
    ),
    "List events, newest message first: what was told, and what came of the post.": (
        "فهرست رویدادها، تازه‌ترین پیام اول: چه گفته شد و نتیجهٔ ارسال چه بود."
    ),
    (
        "Post events once more: those named, or those of an account that were given up, after you were told how many."
    ): "ارسال دوبارهٔ رویدادها: آن‌هایی که نام برده‌اید، یا رهاشده‌های یک حساب، پس از گفتن تعداد.",
    (
        "They get the same `webhook-id` and the same body as before, and three days of tries; a target "
        "that said 410 is tried again. What still waits for the end of a pause waits on, unless --waiting."
    ): (
        "همان `webhook-id` و همان متن پیشین را می‌گیرند و سه روز تلاش؛ مقصدی که 410 گفته بود هم دوباره "
        "امتحان می‌شود. آنچه منتظر پایان مکث است می‌ماند، مگر با --waiting."
    ),
    "Post a test event to an account's webhook, once, and show what came back. No message is told of.": (
        "ارسال یک رویداد آزمایشی به وب‌هوک حساب، یک بار، و نمایش پاسخ. از هیچ پیامی خبر نمی‌دهد."
    ),
    (
        "It is posted from this machine, with the secret of this shell's environment, signed and checked "
        "like any event. Its type is `webhook.test`. Exit code 1 if the answer is not 2xx."
    ): (
        "از همین دستگاه و با راز محیط همین پوسته فرستاده، امضا و بررسی می‌شود، مانند هر رویدادی. نوعش "
        "`webhook.test` است. کد خروج 1 اگر پاسخ 2xx نباشد."
    ),
    "Of this account.": "از این حساب.",
    "Where the post stands; `dead` is what was given up.": "وضعیت ارسال؛ `dead` یعنی رهاشده.",
    "Go on below this event, for the next page.": "ادامه از زیر این رویداد، برای صفحهٔ بعد.",
    "All that was given up of this account.": "همهٔ رهاشده‌های این حساب.",
    "Those too that have arrived: the customer lost them.": "آن‌هایی هم که رسیده‌اند: مشتری گمشان کرده است.",
    "Also end the pauses of what waits: the target is well again.": (
        "مکث آنچه منتظر است هم تمام شود: مقصد دوباره سالم است."
    ),
    "Stop a line, a link, or the intake, within half a second.": "متوقف کردن یک خط، یک لینک یا پذیرش، در نیم ثانیه.",
    (
        "Nothing is lost: what is accepted waits, at most until its deadline; what is on the wire ends as "
        "it ends. With the intake suspended every send is answered 23 (busy)."
    ): (
        "چیزی گم نمی‌شود: آنچه پذیرفته شده حداکثر تا پایان مهلتش می‌ماند؛ آنچه روی سیم است کار خود را تمام "
        "می‌کند. با توقف پذیرش، پاسخ هر ارسال 23 (مشغول) است."
    ),
    "Let a line, a link, or the intake go on; or what is held because a copy of the store was put back.": (
        "به کار انداختن یک خط، یک لینک یا پذیرش؛ یا آزاد کردن آنچه به سبب بازگردانی نگه داشته شده."
    ),
    (
        "`restored` lets that go which waited in the copy, all of it or a line's or an account's: each may "
        "have been sent already, after the copy was made. What was on the wire then goes by its line's "
        "rule. `moved` says that the store is no copy but the newest there is, only that it came without "
        "the file `…-mark` beside it: all goes on as it was. It lets nothing go where the store is a copy "
        "by its own word, or by a person's. You are told how many, and asked."
    ): (
        "`restored` آنچه را در نسخه منتظر بود آزاد می‌کند، همه یا از یک خط یا حساب: شاید هر یک پس از تهیهٔ "
        "نسخه فرستاده شده باشد. آنچه آن زمان روی سیم بود با قاعدهٔ خطش می‌رود. `moved` می‌گوید پایگاه داده "
        "نسخه نیست و تازه‌ترین است، فقط بدون فایل `…-mark` آمده: همه‌چیز مانند پیش ادامه می‌یابد. اگر "
        "پایگاه داده به گفتهٔ خودش یا کسی نسخه باشد چیزی را آزاد نمی‌کند. تعداد گفته و پرسیده می‌شود."
    ),
    "Of what is held after a restore, only what waits on this line.": (
        "از آنچه پس از بازگردانی نگه داشته شده، فقط آنچه روی این خط منتظر است."
    ),
    "Of what is held after a restore, only this account's.": (
        "از آنچه پس از بازگردانی نگه داشته شده، فقط از این حساب."
    ),
    (
        "Take waiting messages back; nothing is charged for them. What is on the wire or further cannot be cancelled."
    ): "پس گرفتن پیام‌های منتظر؛ هزینه‌ای ندارد. آنچه روی سیم یا فراتر است پس گرفته نمی‌شود.",
    (
        "A line's or an account's are counted and shown, and you are asked. Then those that were counted "
        "are taken back: what is accepted meanwhile is not, and what is sent meanwhile is counted as gone. "
        "Exit code 1 if a message that you named does not wait."
    ): (
        "پیام‌های یک خط یا حساب شمرده و نشان داده و پرسیده می‌شود. سپس همان شمرده‌ها پس گرفته می‌شود: آنچه "
        "در این میان پذیرفته شود نه، و آنچه فرستاده شود «رفته» شمرده می‌شود. کد خروج 1 اگر پیامی که نام "
        "برده‌اید منتظر نباشد."
    ),
    "All that waits on this line.": "هر چه روی این خط منتظر است.",
    "All that waits of this account.": "هر چه از این حساب منتظر است.",
    (
        "Move what waits on one line to another. Price and text stay, footer included; what is on the wire stays there."
    ): (
        "انتقال آنچه روی یک خط منتظر است به خطی دیگر. بها و متن، با پانویس، همان می‌ماند؛ آنچه روی سیم است "
        "همان‌جا می‌ماند."
    ),
    (
        "The target's rules are asked as at acceptance: approved texts, hours, opt-outs, alphabet and "
        "parts; and its price, which must not be above what was agreed. What may not go is skipped and "
        "counted (exit code 1), and waits on where it is. You are asked before anything moves; what is "
        "accepted meanwhile does not move. `payamak show` tells of a move."
    ): (
        "قاعده‌های مقصد مانند هنگام پذیرش پرسیده می‌شود: متن تأییدشده، ساعت‌ها، انصراف‌ها، الفبا و بخش‌ها؛ "
        "و بها، که نباید بیش از آن باشد که پذیرفته شد. آنچه نمی‌تواند برود شمرده می‌شود (کد خروج 1) و "
        "همان‌جا می‌ماند. پیش از انتقال پرسیده می‌شود؛ آنچه در این میان پذیرفته شود منتقل نمی‌شود. "
        "`payamak show` از انتقال خبر می‌دهد."
    ),
    "Also what would cost more there: it keeps the price of its acceptance.": (
        "آنچه آن‌جا گران‌تر می‌شد هم: بهای زمان پذیرش می‌ماند."
    ),
    (
        "Copy the store to a new file, consistent, while it is being served. A file that exists is never overwritten."
    ): "نسخه‌ای سازگار از پایگاه داده در فایلی تازه، هنگام سرویس‌دهی. روی فایلی که هست هرگز نوشته نمی‌شود.",
    (
        "Beside it, `FILE.opt-outs.csv`, lies the list of opt-outs of that moment, so that an older copy "
        "can be put back with a newer list. To put a copy back: stop the server, `payamak restore FILE "
        "--data STORE`, start the server. What waited in the copy is then held until `payamak resume "
        "restored`, also where it was put back by hand, for the copy says of itself that it is one. Timer, "
        "drill and what a copy cannot know: docs/guide/backup.md."
    ): (
        "کنارش `FILE.opt-outs.csv` فهرست انصراف‌های همان لحظه است تا نسخه‌ای کهنه با فهرستی تازه بازگردد. "
        "برای بازگرداندن: سرور را متوقف کنید، `payamak restore FILE --data STORE`، سرور را روشن کنید. آنچه "
        "در نسخه منتظر بود تا `payamak resume restored` نگه داشته می‌شود، حتی اگر با دست بازگردانده شود، "
        "چون نسخه از خودش می‌گوید که نسخه است. زمان‌بندی، تمرین، و آنچه نسخه نمی‌داند: "
        "docs/guide/backup.md."
    ),
    "Put a copy of the store back in the place of the store (`--data`). The server must be stopped.": (
        "گذاشتن نسخه‌ای به‌جای پایگاه داده (`--data`). سرور باید متوقف باشد."
    ),
    (
        "What waited in the copy, or was on the wire when it was made, is held until `payamak resume "
        "restored`: it may have been sent since. Message ids go on above all that may have been given. The "
        "file `STORE-mark`, if it is still there, knows best up to where; leave it. The copy itself is "
        "only read."
    ): (
        "آنچه در نسخه منتظر یا هنگام تهیه‌اش روی سیم بود تا `payamak resume restored` نگه داشته می‌شود: "
        "شاید از آن پس فرستاده شده باشد. شناسهٔ پیام‌ها از بالای هر چه داده شده ادامه می‌یابد. فایل "
        "`STORE-mark` اگر هنوز هست بهتر می‌داند تا کجا؛ نگهش دارید. خود نسخه فقط خوانده می‌شود."
    ),
    "A message id that is above all that were given, if you know one.": (
        "شناسه‌ای بالاتر از همهٔ شناسه‌های داده‌شده، اگر می‌دانید."
    ),
    "A newer list of opt-outs, as `payamak backup` or `optout export` wrote it.": (
        "فهرست تازه‌تری از انصراف‌ها، همان‌طور که `payamak backup` یا `optout export` نوشت."
    ),
    "Move the store that is there aside, under a name with the time.": (
        "پایگاه دادهٔ موجود با نامی که زمان دارد کنار گذاشته شود."
    ),
    "Bring the store to this program's schema. The server must be stopped.": (
        "رساندن پایگاه داده به طرح این نسخه از برنامه. سرور باید متوقف باشد."
    ),
    "Also prove every account's money from the entries; slow on a big store.": (
        "پول هر حساب هم از روی دفتر اثبات شود؛ روی پایگاه دادهٔ بزرگ کند است."
    ),
    ("Say whether the machine's clock has jumped, and which times the gateway goes by. Exit code 1 while in doubt."): (
        "می‌گوید ساعت دستگاه جهش کرده است یا نه و درگاه با کدام زمان کار می‌کند. تا ساعت مشکوک است کد خروج 1."
    ),
    (
        "Say that the machine's clock is right as it is now, after a jump: what is past its deadline then ends."
    ): "پس از جهش، گفتن این‌که ساعت دستگاه اکنون درست است: آنچه مهلتش گذشته باشد تمام می‌شود.",
    (
        "A gateway that runs takes it within a second; one that does not, when it starts. It counts for "
        "this jump alone."
    ): "درگاهِ روشن تا یک ثانیهٔ دیگر آن را می‌گیرد و دیگری هنگام روشن شدن. فقط برای همین جهش است.",
    (
        "Print every setting with its meaning, unit, what is allowed, its default, its value and where that comes from."
    ): "نمایش همهٔ تنظیم‌ها با معنا، یکا، مقدار مجاز، پیش‌فرض، مقدار و سرچشمهٔ آن.",
    (
        "Settings stand in a TOML file (`port = 8080`), named by `--config` or PAYAMAK_CONFIG, or in the "
        "environment (PAYAMAK_PORT=8080), which wins. Wrong ones are refused at start."
    ): (
        "تنظیم‌ها در فایل TOML است (`port = 8080`) که `--config` یا PAYAMAK_CONFIG نامش را می‌دهد، یا در "
        "محیط (PAYAMAK_PORT=8080) که می‌چربد. نادرست‌ها هنگام راه‌اندازی رد می‌شود."
    ),
    (
        "`payamak demo` shows all of it in a minute. A site of your own: `payamak init` asks for it; or "
        "write site.toml, `payamak apply site.toml`, `payamak account credit NAME 1000000`. Then `payamak "
        "serve`. The store is `--data FILE`, else PAYAMAK_DATABASE, else payamak.sqlite; the other "
        "commands may work on it while it is being served."
    ): (
        "`payamak demo` همه‌اش را در یک دقیقه نشان می‌دهد. برای خودتان: `payamak init` آن را می‌پرسد؛ یا "
        "site.toml را بنویسید، `payamak apply site.toml`، `payamak account credit NAME 1000000`. سپس "
        "`payamak serve`. پایگاه داده `--data FILE` است، وگرنه PAYAMAK_DATABASE، وگرنه payamak.sqlite؛ "
        "فرمان‌های دیگر هنگام سرویس‌دهی هم روی آن کار می‌کنند."
    ),
    "Make a first site: ask, write its files, send a test message.": (
        "ساختن نخستین پیکربندی: می‌پرسد، فایل‌هایش را می‌نویسد، پیامی آزمایشی می‌فرستد."
    ),
    (
        "Make a first site: ask for an operator, a line, a customer and a price, write the files, and send a message."
    ): "ساختن نخستین پیکربندی: اپراتور، خط، مشتری و بها را می‌پرسد، فایل‌ها را می‌نویسد و پیامی می‌فرستد.",
    (
        "Three files are written, for their owner alone: `settings.toml` and `site.toml` have every "
        "setting with its meaning, what is allowed and its default; `secrets.env` has the operator's "
        "password. The site is applied to a new store. Then the gateway is started for a moment, binds to "
        "the operator and sends the test message."
    ): (
        "سه فایل، فقط برای صاحبشان، نوشته می‌شود: `settings.toml` و `site.toml` هر تنظیم را با معنا، مقدار "
        "مجاز و پیش‌فرضش دارند؛ `secrets.env` گذرواژهٔ اپراتور را. پیکربندی در پایگاه داده‌ای تازه اعمال "
        "می‌شود. سپس درگاه لحظه‌ای روشن می‌شود، به اپراتور وصل می‌شود و پیام آزمایشی را می‌فرستد."
    ),
    (
        "What you do not give is asked for; where nobody can be asked every flag but `--to` is needed. "
        "Nothing that exists is overwritten. Exit code 1 if the files are written and the trial did not "
        "come to a good end."
    ): (
        "آنچه ندهید پرسیده می‌شود؛ جایی که کسی نیست همهٔ گزینه‌ها جز `--to` لازم است. روی چیزی که هست "
        "نوشته نمی‌شود. کد خروج 1 اگر فایل‌ها نوشته شود و آزمایش خوب پایان نیابد."
    ),
    "Where the files go; else where PAYAMAK_CONFIG lies, else here.": (
        "جای فایل‌ها؛ وگرنه جای PAYAMAK_CONFIG، وگرنه همین‌جا."
    ),
    "A simulated operator in the place of a real one; nothing is asked.": (
        "اپراتوری شبیه‌سازی‌شده به‌جای واقعی؛ چیزی پرسیده نمی‌شود."
    ),
    "The operator's address: HOST or HOST:PORT.": "نشانی اپراتور: HOST یا HOST:PORT.",
    "The name of the login there.": "نام کاربری نزد اپراتور.",
    "The login's password: env:NAME, read now and kept in secrets.env.": (
        "گذرواژهٔ آن: env:NAME، که همین حالا خوانده و در secrets.env نگه داشته می‌شود."
    ),
    "The sender number.": "شمارهٔ فرستنده.",
    "The customer: the name that its programs call by.": "مشتری: نامی که برنامه‌هایش با آن می‌خوانند.",
    "The customer's web-service password: env:NAME, read now.": (
        "گذرواژهٔ وب‌سرویس مشتری: env:NAME، که همین حالا خوانده می‌شود."
    ),
    "Price of a part of a Persian text, in rial.": "بهای هر بخش متن فارسی، به ریال.",
    "Of a Latin text; else the same.": "برای متن لاتین؛ وگرنه همان.",
    "What the customer has paid in, in rial.": "آنچه مشتری واریز کرده، به ریال.",
    "A mobile of yours for the test message; empty: none is sent.": (
        "شمارهٔ همراه شما برای پیام آزمایشی؛ خالی: فرستاده نمی‌شود."
    ),
    "The port on which HTTP will be served.": "درگاهی که HTTP روی آن خواهد بود.",
    "The SQLite file; else payamak.sqlite in the folder, or in /var/lib/payamak for /etc/payamak.": (
        "فایل SQLite؛ وگرنه payamak.sqlite در همان پوشه، یا برای /etc/payamak در /var/lib/payamak."
    ),
    "Why, in a few words; `payamak audit` shows it.": "چرا، در چند کلمه؛ `payamak audit` نشانش می‌دهد.",
    "Who did what by hand, when and why.": "چه کسی، چه وقت و چرا با دست چه کرد.",
    (
        "List what people did by hand, the latest first: who, by which command, upon what, how it was before and after."
    ): ("فهرست آنچه با دست انجام شده، تازه‌ترین اول: چه کسی، با کدام فرمان، روی چه، و پیش و پس از آن چگونه بود."),
    (
        "A row for each thing that an act was about, written by the transaction that did it; an act that "
        "changed nothing has none. No secret, no text and no whole number of a handset is in it. Rows are "
        "kept for a year, 200,000 at most."
    ): (
        "برای هر چیزی که کاری دربارهٔ آن بود سطری هست که همان تراکنش آن کار نوشته؛ کاری که چیزی را تغییر "
        "نداد سطر ندارد. راز، متن و شمارهٔ کامل گوشی در آن نیست. سطرها یک سال می‌مانند، حداکثر ۲۰۰٬۰۰۰ تا."
    ),
    "By this user of the machine alone.": "فقط از این کاربر دستگاه.",
    "About what has this in its name: a line, an account.": "دربارهٔ آنچه این در نامش هست: خط، حساب.",
    "Go on below this row, for the next page.": "ادامه از زیر این سطر، برای صفحهٔ بعد.",
    "What bash, zsh or fish completes after `payamak`.": "آنچه bash، zsh یا fish پس از `payamak` کامل می‌کند.",
    (
        "Write, for a shell, what it completes after `payamak`: commands, options and the words that they allow."
    ): "برای یک پوسته می‌نویسد پس از `payamak` چه چیزی را کامل کند: فرمان‌ها، گزینه‌ها و واژه‌های مجاز.",
    (
        "It is made from the commands themselves: write it anew after an upgrade. A Debian package brings it along."
    ): "از خود فرمان‌ها ساخته می‌شود: پس از ارتقا دوباره بنویسید. بستهٔ Debian آن را همراه دارد.",
    "Whose words it is written in.": "برای کدام پوسته.",
    "The PDUs of a link as they pass, texts and secrets masked.": (
        "بسته‌های PDU یک لینک در حال گذر، با متن‌ها و رازهای پوشیده."
    ),
    "How instants are shown; else the setting `calendar`.": "نمایش زمان‌ها؛ وگرنه تنظیم `calendar`.",
    "As wsSend answered them.": "همان‌ها که wsSend پاسخ داد.",
    (
        "Ids from a file, or from standard input (`-`): between blanks, commas or line ends, or as the "
        "column `message_id` of a CSV file, such as `payamak send --csv` writes."
    ): (
        "شناسه‌ها از یک فایل یا ورودی استاندارد (`-`): با فاصله، کاما یا سطر از هم جدا، یا ستون "
        "`message_id` یک فایل CSV، مانند آنچه `payamak send --csv` می‌نویسد."
    ),
    "Write CSV; words of people that a spreadsheet would take for a formula get an apostrophe.": (
        "خروجی CSV؛ نوشته‌ای که صفحه‌گسترده آن را فرمول می‌پندارد با آپاستروف می‌آید."
    ),
    (
        "Show the PDUs of a link as they pass, until Ctrl-C, or for ten minutes at most. A bind that fails is seen too."
    ): ("بسته‌های PDU یک لینک را در حال گذر نشان می‌دهد، تا Ctrl-C یا حداکثر ده دقیقه. bind ناموفق هم دیده می‌شود."),
    (
        "Of a text its octets are counted, a password is not shown, and of a handset's number a part. The "
        "server must be running, and you must be its user or root: it is asked through a socket beside the "
        "store, `STORE-door`."
    ): (
        "از متن فقط تعداد بایت‌هایش، از شمارهٔ گوشی بخشی و از گذرواژه هیچ نشان داده نمی‌شود. سرور باید "
        "روشن باشد و شما کاربر آن یا root باشید: از راه سوکتی کنار پایگاه داده، `STORE-door`، پرسیده "
        "می‌شود."
    ),
    "Its name; an SMPP link.": "نامش؛ لینکی از نوع SMPP.",
    "How long, up to 600.": "چند ثانیه، تا 600.",
    "Show the numbers of handsets whole.": "شمارهٔ گوشی‌ها کامل نشان داده شود.",
    "Received after: `2h` (ago), `today`, `1405/09/05`.": "دریافت پس از: `2h` (پیش)، `today`، `1405/09/05`.",
    "Of changes after: `2h` (ago), `today`, `1405/09/05`.": "از تغییرهای پس از: `2h` (پیش)، `today`، `1405/09/05`.",
    "Since then: `2h` (ago) or `2030-01-31T18:00`.": "از آن زمان: `2h` (پیش) یا `2030-01-31T18:00`.",
    "Before then.": "پیش از آن زمان.",
    "Show what is posted to customers, verified; pass it on.": (
        "نمایش آنچه به مشتریان فرستاده می‌شود، با بررسی امضا؛ و گذراندنش."
    ),
    "What the running gateway does, anew each second.": "آنچه درگاه روشن می‌کند، هر ثانیه از نو.",
    ("Show the webhooks and relayed messages that are posted here, whether they are signed rightly, until Ctrl-C."): (
        "وب‌هوک‌ها و پیام‌هایی را که این‌جا فرستاده می‌شود، و این‌که امضایشان درست است یا نه، تا Ctrl-C نشان می‌دهد."
    ),
    (
        "Set `webhook_url` of the account (`relay_url` of the line) to the address that it names, and, where that is "
        "this machine, `webhook_allow_private_target` (`allow_private_target`). With "
        "`--forward-to` each post goes on "
        "to your program, and its answer back."
    ): (
        "`webhook_url` حساب (`relay_url` خط) را نشانی‌ای بگذارید که نام می‌برد، و اگر همین دستگاه است "
        "`webhook_allow_private_target` (`allow_private_target`) را هم. با `--forward-to` هر ارسال به "
        "برنامهٔ شما می‌رود و پاسخش بازمی‌گردد."
    ),
    "Of 127.0.0.1; 0 takes a free one.": "روی 127.0.0.1؛ 0 یعنی هر درگاه آزاد.",
    "The URL of your program.": "نشانی برنامهٔ شما.",
    "env:NAME: the variable that has the secret of webhook or line.": "env:NAME: متغیری که راز وب‌هوک یا خط را دارد.",
    "Add every post to this file, for --replay.": "هر ارسال به این فایل افزوده شود، برای --replay.",
    "Pass the posts of such a file on again, and end.": "ارسال‌های چنین فایلی دوباره بگذرد و تمام شود.",
    (
        "Show what the running gateway does: rates, links, lines, queue, and what is wrong. Keys: q, p, and 1 to 4."
    ): "آنچه درگاه روشن می‌کند: سرعت‌ها، لینک‌ها، خط‌ها، صف، و آنچه درست نیست. کلیدها: q، p، و 1 تا 4.",
    (
        "It reads the metrics of the server of this machine, as its settings name it, and the site in its store. A "
        "rate is what happened since the look before. With --once --json it is one line for machines."
    ): (
        "سنجه‌های سرور همین دستگاه را، همان‌طور که تنظیم‌هایش نام می‌برد، و پیکربندی را در پایگاه داده‌اش می‌خواند. "
        "سرعت یعنی آنچه از نگاه پیشین رخ داده. با --once --json یک سطر برای برنامه‌هاست."
    ),
    "Seconds between two looks.": "ثانیهٔ میان دو نگاه.",
    "Look once and end, for scripts.": "یک بار نگاه و پایان، برای اسکریپت‌ها.",
    (
        "A server does the same when it starts; every other command leaves an older schema as it is, and "
        "says so. Make a backup with the old program first: no way leads back. Standard error has a line "
        "for each step."
    ): (
        "سرور هنگام راه‌اندازی همین کار را می‌کند؛ فرمان‌های دیگر طرح کهنه را دست نمی‌زنند و می‌گویند. اول "
        "با برنامهٔ پیشین پشتیبان بگیرید: راه بازگشتی نیست. خروجی خطا برای هر گام یک سطر دارد."
    ),
    (
        "Look at the store, the server, its links, the clock, the machine; say what to do. Exit code 1 if one is wrong."
    ): ("بررسی پایگاه داده، سرور، لینک‌هایش، ساعت و دستگاه؛ و گفتن این‌که چه باید کرد. کد خروج 1 اگر یکی درست نباشد."),
    "A server that does not answer is a problem, unless `--offline` says that none is expected.": (
        "سروری که پاسخ نمی‌دهد مشکل است، مگر `--offline` بگوید انتظارش نیست."
    ),
    "No server is expected to run: that is no problem.": "انتظار سرور روشن نیست: مشکلی نیست.",
    "Answer as Icinga and Nagios want it: one line, exit code 0, 1 or 2.": (
        "پاسخ به شکلی که Icinga و Nagios می‌خواهند: یک سطر، کد خروج 0، 1 یا 2."
    ),
    "People of the panel: who may come in, and as what.": ("کاربران پنل: چه کسی، و با چه نقشی."),
    "List all people: of which account, as what, and when they last came in.": (
        "فهرست همهٔ کاربران: از کدام حساب، با چه نقشی، و آخرین ورودشان."
    ),
    "Whose person it is.": ("کاربرِ کدام حساب است."),
    "It is a person of the house, of no account.": ("کاربرِ سامانه است، نه هیچ حسابی."),
    "Add a person: of an account as owner, sender or viewer; of the house as another. The password is asked for.": (
        "کاربری می‌افزاید: از یک حساب با نقش owner یا sender یا viewer؛ از سامانه با نقشی دیگر. گذرواژه پرسیده می‌شود."
    ),
    "By which the person comes in.": ("نامی که با آن وارد می‌شود."),
    "What the person may do.": ("چه می‌تواند بکند."),
    "What the person may do from now on.": ("از این پس چه می‌تواند بکند."),
    "Let the person in again; --inactive: not any more.": ("دوباره راه دادن؛ --inactive: دیگر راه ندادن."),
    "Ask for a new password.": ("گذرواژهٔ تازه می‌پرسد."),
    "Change what a person may do, whether he may come in, or his password; his sessions end.": (
        "تغییر نقش، اجازهٔ ورود یا گذرواژهٔ یک کاربر؛ ورودهایش پایان می‌یابد."
    ),
    "Remove a person, after you were asked; what he did stays in the audit.": (
        "حذف یک کاربر، پس از پرسش؛ کارهایش در دفتر کارها می‌ماند."
    ),
    "Whom.": ("چه کسی را."),
}
