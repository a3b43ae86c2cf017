"""Words of the panel's pages, by name: its templates hold none. Fields in braces are put in by the view.

Latin words in a Persian sentence come with their isolates (panel/shown.py: apart).
"""

# size: one table, a row for each thing that the pages say
from __future__ import annotations

from typing import Final

from payamak.language import Words, spoken

PANEL: Final[dict[str, Words]] = {
    # -- everywhere
    "name": Words("Payamak", "پیامک"),
    "skip": Words("Go to the content", "رفتن به محتوای صفحه"),
    "menu": Words("Menu", "فهرست"),
    "menu.messages": Words("Messages", "پیام‌ها"),
    "menu.customers": Words("Customers", "مشتریان"),
    "balance": Words("Credit", "اعتبار"),
    "rial": Words("rial", "ریال"),
    "of_house": Words("the house", "سامانه"),
    "me": Words("My page", "صفحهٔ من"),
    "leave": Words("Sign out", "خروج"),
    "open_bar": Words(
        "This panel is reached without HTTPS: passwords pass through the network in clear.",
        "این پنل بی HTTPS باز شده است: گذرواژه‌ها بی رمز از شبکه می‌گذرند.",
    ),
    "trouble_bar": Words(
        "The database has trouble. Pages can be read; what you enter may not be kept now.",
        "پایگاه داده مشکل دارد. صفحه‌ها خواندنی‌اند؛ شاید آنچه وارد می‌کنید اکنون نگه داشته نشود.",
    ),
    "live.lost": Words("Not live; the last answer came some seconds ago.", "زنده نیست؛ آخرین پاسخ چند ثانیه پیش آمد."),
    "live.ended": Words("You are signed out. Sign in again.", "از پنل خارج شده‌اید. دوباره وارد شوید."),
    "comma": Words(", ", "، "),
    "yes": Words("yes", "بله"),
    "no": Words("no", "نه"),
    # -- titles
    "title.enter": Words("Sign in", "ورود"),
    "title.messages": Words("Messages", "پیام‌ها"),
    "title.message": Words("Message {id}", "پیام {id}"),
    "title.customers": Words("Customers", "مشتریان"),
    "title.me": Words("My page", "صفحهٔ من"),
    "title.refused": Words("Not shown", "نمایش داده نشد"),
    # -- entrance
    "enter.heading": Words("Sign in to the panel", "ورود به پنل"),
    "enter.name": Words("User name", "نام کاربری"),
    "enter.password": Words("Password", "گذرواژه"),
    "enter.submit": Words("Sign in", "ورود"),
    "enter.hint": Words(
        "It is not the password of the web service. Who has forgotten it asks whoever made the user.",
        "این گذرواژه جز گذرواژهٔ وب‌سرویس است. اگر فراموشش کرده‌اید، از کسی بخواهید که کاربر را ساخته است.",
    ),
    "enter.fault.heading": Words("You are not signed in", "وارد نشدید"),
    "enter.fault.empty": Words("Write user name and password.", "نام کاربری و گذرواژه را بنویسید."),
    "enter.fault.wrong": Words(
        "User name or password is wrong. Mind the keyboard's language.",
        "نام کاربری یا گذرواژه درست نیست. زبان صفحه‌کلید را هم ببینید.",
    ),
    "enter.fault.busy": Words(
        "It cannot be verified now: too many tries, or the database is slow. Try again in a minute.",
        "اکنون نمی‌توان بررسی کرد: تلاش‌ها زیاد بوده یا پایگاه داده کند است. یک دقیقهٔ دیگر دوباره بیازمایید.",
    ),
    "first.heading": Words("Nobody may come in yet", "هنوز کسی کاربر این پنل نیست"),
    "first.what": Words(
        "The first person is added on the machine itself, by this command:",
        "نخستین کاربر روی خود دستگاه، با این فرمان ساخته می‌شود:",
    ),
    "said.left": Words("You are signed out.", "از پنل خارج شدید."),
    "said.session": Words(
        "Your session has ended; nothing of the form was kept. Sign in again.",
        "زمان ورود شما به پایان رسیده بود و چیزی از فرم نگه داشته نشد. دوباره وارد شوید.",
    ),
    "said.ended": Words("All your other sessions have ended.", "همهٔ ورودهای دیگر شما پایان یافت."),
    "said.no_recipient": Words(
        "That is no mobile number. Write it like 09121234567.",
        "این شمارهٔ همراه نیست. آن را مانند ۰۹۱۲۱۲۳۴۵۶۷ بنویسید.",
    ),
    # -- messages
    "messages.heading": Words("Messages", "پیام‌ها"),
    "messages.table": Words("The account's messages, the newest first", "پیام‌های حساب، تازه‌ترین در بالا"),
    "messages.filters": Words("Narrow the list", "محدود کردن فهرست"),
    "messages.state": Words("State", "وضعیت"),
    "messages.line": Words("Line", "خط"),
    "messages.all": Words("all", "همه"),
    "messages.since": Words("From day", "از روز"),
    "messages.until": Words("To day", "تا روز"),
    "messages.day_hint": Words("like 1405/09/05, today, yesterday", "مانند ۱۴۰۵/۰۹/۰۵، امروز، دیروز"),
    "messages.apply": Words("Show", "نمایش"),
    "messages.recipient": Words("Recipient's number", "شمارهٔ گیرنده"),
    "messages.search": Words("Look for it", "جست‌وجو"),
    "messages.to_recipient": Words("To the recipient", "به گیرندهٔ"),
    "messages.without": Words("Show all recipients", "نمایش همهٔ گیرندگان"),
    "messages.clear": Words("Remove all filters", "برداشتن همهٔ محدودیت‌ها"),
    "messages.at": Words("Time", "زمان"),
    "messages.words": Words("Text", "متن"),
    "messages.standing": Words("State", "وضعیت"),
    "messages.parts": Words("Parts", "بخش"),
    "messages.rial": Words("Rial", "ریال"),
    "messages.source": Words("Source", "از راه"),
    "messages.id": Words("Id", "شناسه"),
    "messages.next": Words("Older messages", "پیام‌های قدیمی‌تر"),
    "messages.newest": Words("The newest", "تازه‌ترین‌ها"),
    "messages.none": Words("No message yet", "هنوز پیامی نیست"),
    "messages.none.todo": Words(
        "What your programs send, and what you send here, stands in this list.",
        "آنچه برنامه‌هایتان یا خودتان بفرستید در این فهرست می‌آید.",
    ),
    "messages.none_found": Words("Nothing is found", "چیزی پیدا نشد"),
    "messages.none_found.todo": Words(
        "No message is as the filters say. Remove one of them.",
        "پیامی با این ویژگی‌ها نیست. یکی از محدودیت‌ها را بردارید.",
    ),
    "messages.looked_to": Words(
        "Looked through as far as {day}; the search goes on with the button below.",
        "تا {day} گشته شد؛ ادامهٔ جست‌وجو با دکمهٔ پایین است.",
    ),
    "messages.go_on": Words("Go on looking", "ادامهٔ جست‌وجو"),
    "messages.hidden_text": Words("not for your role", "برای نقش شما پوشیده است"),
    "faults.heading": Words("Something is to be mended", "چیزی هست که باید درست شود"),
    # -- sending
    "menu.send": Words("Send", "ارسال"),
    "title.send": Words("Send", "ارسال پیام"),
    "title.check": Words("Check and send", "بررسی و ارسال"),
    "send.heading": Words("Send", "ارسال پیام"),
    "send.recipients": Words("To", "گیرندگان"),
    "send.recipients.hint": Words(
        "Numbers one below the other, or with commas between; {most} at most.",
        "هر شماره در یک سطر، یا با ویرگول از هم جدا؛ حداکثر {most} شماره.",
    ),
    "send.text": Words("Text", "متن پیام"),
    "send.line": Words("Line", "خط"),
    "send.line2": Words("Line for those who have opted out", "خط جایگزین"),
    "send.line2.hint": Words(
        "The other line is for those who have opted out of the first.",
        "خط جایگزین برای کسانی است که خط نخست را لغو کرده‌اند.",
    ),
    "send.none": Words("none", "هیچ"),
    "send.validity": Words("Valid for", "مهلت"),
    "send.hours": Words("{hours} hours", "{hours} ساعت"),
    "send.check": Words("Check", "بررسی"),
    "send.no_line": Words("The account has no line", "این حساب خطی ندارد"),
    "send.no_line.todo": Words("Ask the house for one.", "از سامانه بخواهید خطی به حساب بدهد."),
    "send.fault.recipients": Words("Write a number.", "دست‌کم یک شماره بنویسید."),
    "send.fault.too_many": Words(
        "{count} numbers are too many; {most} go at once.", "{count} شماره زیاد است؛ هر بار حداکثر {most} شماره."
    ),
    "send.fault.text": Words("Write a text.", "متن پیام را بنویسید."),
    "send.fault.too_long": Words("The text is too long.", "متن زیادی بلند است."),
    "send.fault.credit": Words(
        "The credit does not suffice: it reaches for about {count}.",
        "اعتبار کافی نیست: برای حدود {count} پیام می‌رسد.",
    ),
    "send.now": Words("at once", "همین حالا"),
    "send.later": Words("when the line's hours begin: {at}", "با آغاز ساعت مجاز خط: {at}"),
    "send.latin": Words(
        "{length} characters in {parts} parts, as Latin.", "{length} نویسه در {parts} بخش، با الفبای لاتین."
    ),
    "send.persian": Words(
        "{length} characters in {parts} parts, as Persian because of «{char}» at place {place}.",
        "{length} نویسه در {parts} بخش، با الفبای فارسی به‌خاطر نویسهٔ «{char}» در جای {place}.",
    ),
    "check.heading": Words("Check and send", "بررسی و ارسال"),
    "check.preview": Words("What it would be", "پیش‌نمایش"),
    "check.fault": Words("It cannot be sent like this", "این‌گونه فرستاده نمی‌شود"),
    "check.text": Words("As a handset shows it", "آنچه در گوشی دیده می‌شود"),
    "check.part": Words("part {number} of {all}", "بخش {number} از {all}"),
    "check.no_text": Words("Nothing can be sent to anybody.", "به هیچ‌کس چیزی نمی‌توان فرستاد."),
    "check.cost": Words("Figures", "ارقام"),
    "check.count": Words("Messages", "پیام‌ها"),
    "check.each": Words("Each", "بهای هر پیام"),
    "check.total": Words("At most in all", "حداکثر بها"),
    "check.after": Words("Credit afterwards", "اعتبار پس از آن"),
    "check.lines": Words("Line", "خط"),
    "check.then": Words(", else ", "، وگرنه "),
    "check.when": Words("It goes", "زمان ارسال"),
    "check.left_out": Words("Left out", "کنار گذاشته‌ها"),
    "check.more": Words("and {count} more", "و {count} شمارهٔ دیگر"),
    "check.go": Words("Send {count} messages: at most {rial} rial", "ارسال {count} پیام — حداکثر {rial} ریال"),
    "check.edit": Words("Change", "ویرایش"),
    "said.sent": Words("It is accepted.", "پیام پذیرفته شد."),
    "said.sent_all": Words("All are accepted.", "همهٔ پیام‌ها پذیرفته شد."),
    "said.sent_some": Words("Accepted, but for those left out.", "پیام‌ها پذیرفته شد، جز کنارگذاشته‌ها."),
    "said.taken_back": Words("It is taken back.", "پیام پس گرفته شد."),
    "said.not_taken_back": Words(
        "It could not be taken back any more: it is on its way.", "دیگر پس گرفتنی نبود: در راه است."
    ),
    "message.take_back": Words("Take back", "پس گرفتن پیام"),
    # -- opt-outs
    "menu.optouts": Words("Opt-outs", "لغو دریافت"),
    "title.optouts": Words("Opt-outs", "لغو دریافت"),
    "optouts.heading": Words("Opt-outs", "لغو دریافت"),
    "optouts.about": Words(
        "Who sends 11 to a line gets nothing more of it; 12 takes that back. Nobody else can: it is his right.",
        "هر کس به خطی ۱۱ بفرستد دیگر از آن خط پیامی نمی‌گیرد؛ با ۱۲ دوباره می‌گیرد. "
        "کس دیگری نمی‌تواند آن را بردارد: حق گیرنده است.",
    ),
    "optouts.add": Words("Enter", "ثبت لغو"),
    "optouts.add.number": Words("Enter a number", "ثبت یک شماره"),
    "optouts.add.hint": Words(
        "For good; only the recipient's 12 takes it back.", "برای همیشه؛ فقط با ۱۲ خود گیرنده برداشته می‌شود."
    ),
    "optouts.number": Words("Number", "شماره"),
    "optouts.source": Words("Came by", "از راه"),
    "optouts.since": Words("Since", "از"),
    "optouts.until": Words("Until", "تا"),
    "optouts.none": Words("Nobody has opted out of this line.", "کسی این خط را لغو نکرده است."),
    "optouts.first": Words("From the beginning", "از آغاز فهرست"),
    "optouts.next": Words("More", "بقیهٔ فهرست"),
    "optout.hand": Words("entered by hand", "ثبت با دست"),
    "optout.learned": Words("by the operator or by 11", "پاسخ اپراتور یا ۱۱ گیرنده"),
    "optout.imported": Words("a list that was imported", "فهرست واردشده"),
    "optout.for_good": Words("for good", "همیشه"),
    "said.opted_out": Words("It is entered.", "ثبت شد."),
    # -- one message
    "message.heading": Words("Message {id}", "پیام {id}"),
    "message.back": Words("All messages", "همهٔ پیام‌ها"),
    "message.next": Words("What now", "اکنون چه؟"),
    "message.facts": Words("Particulars", "مشخصات"),
    "message.text": Words("Text", "متن"),
    "message.plan": Words("Plan", "مسیر ارسال"),
    "message.plan.hint": Words(
        "It moves to the next line only when the recipient has opted out of the one before.",
        "تنها وقتی به خط بعدی می‌رود که گیرنده خط پیشین را لغو کرده باشد.",
    ),
    "message.happenings": Words("What happened", "سرگذشت"),
    "message.step": Words("Step", "گام"),
    "message.kind": Words("Kind", "نوع"),
    "message.stands": Words("Stands", "وضعیت"),
    "message.current": Words("this step", "گام کنونی"),
    "fact.recipient": Words("Recipient", "گیرنده"),
    "fact.line": Words("Line", "خط"),
    "fact.accepted": Words("Accepted", "پذیرش"),
    "fact.deadline": Words("Valid until", "مهلت"),
    "fact.money": Words("Cost", "بها"),
    "fact.charged_value": Words("{rial} rial", "{rial} ریال"),
    "fact.reserved_value": Words("{rial} rial, {reserved} more reserved", "{rial} ریال، و {reserved} ریال رزرو"),
    "fact.source": Words("Came by", "از راه"),
    "fact.code": Words("State in wsStates", "وضعیت در wsStates"),
    "fact.copies": Words("Parts that may have gone twice", "بخش‌هایی که شاید دو بار رفته باشد"),
    "text.persian": Words(
        "{length} characters in {parts} parts, as Persian", "{length} نویسه در {parts} بخش، با الفبای فارسی"
    ),
    "text.latin": Words(
        "{length} characters in {parts} parts, as Latin", "{length} نویسه در {parts} بخش، با الفبای لاتین"
    ),
    "source.wssend": Words("web service (wsSend)", "وب‌سرویس (wsSend)"),
    "source.sendsms": Words("web service (sendsms)", "وب‌سرویس (sendsms)"),
    "source.soap": Words("web service (SOAP)", "وب‌سرویس (SOAP)"),
    "source.reply": Words("answer to a handset", "پاسخ خودکار"),
    "source.panel": Words("panel", "پنل"),
    "step.skipped": Words("passed over: opted out ({code})", "رد شد: گیرنده پیش‌تر لغو کرده بود ({code})"),
    "step.dropped": Words("not needed", "نیازی نشد"),
    "step.later": Words("only after an opt-out", "فقط پس از لغو گیرنده"),
    "next.due": Words("Its turn comes: {at}.", "نوبتش می‌رسد: {at}."),
    "next.held": Words(
        "It is held until the house lets it go; ask the house.", "تا آزاد کردن از سوی سامانه می‌ماند؛ از سامانه بپرسید."
    ),
    "next.queued": Words(
        "It goes as soon as its line takes it, until {at}.", "تا {at} هر دم که خط بپذیرد فرستاده می‌شود."
    ),
    "next.sending": Words("The operator's answer is awaited.", "پاسخ اپراتور در راه است."),
    "next.enroute": Words("The operator's receipt is awaited.", "رسید اپراتور در راه است."),
    "next.no_receipts": Words("Nothing more is heard of it.", "خبر دیگری از آن نمی‌آید."),
    "next.delivered": Words("It has arrived; nothing is to be done.", "رسیده است و کاری نمانده."),
    "next.undeliverable": Words(
        "The handset was off, full, or not there. It can be sent again as a new message.",
        "گوشی خاموش، پر یا بیرون از دسترس بوده است. می‌توان آن را چون پیامی تازه دوباره فرستاد.",
    ),
    "next.rejected": Words(
        "It was not sent; look at the reason above before it is sent again.",
        "فرستاده نشد؛ پیش از ارسال دوباره دلیل بالا را ببینید.",
    ),
    "next.expired": Words(
        "It was not sent in time. It can be sent again.", "به هنگام فرستاده نشد. می‌توان دوباره فرستاد."
    ),
    "next.cancelled": Words("It was taken back before it was sent.", "پیش از ارسال پس گرفته شد."),
    "next.unknown": Words(
        "Nobody can tell whether it has arrived. Who sends it again risks a second copy.",
        "نمی‌توان گفت رسیده یا نه. با ارسال دوباره شاید دو بار برسد.",
    ),
    "happened.accepted": Words("accepted", "پذیرفته شد"),
    "happened.sent": Words("sent by line {line}, {parts} parts", "با خط {line} فرستاده شد، {parts} بخش"),
    "happened.sent_again": Words(
        "sent once more by line {line}, {parts} parts", "دوباره با خط {line} فرستاده شد، {parts} بخش"
    ),
    "answer.taken": Words("the operator took it", "اپراتور آن را گرفت"),
    "answer.later": Words("the operator could not take it then", "اپراتور در آن دم نتوانست بگیرد"),
    "answer.opted_out": Words("the recipient has opted out of this line", "اپراتور گفت: گیرنده این خط را لغو کرده است"),
    "answer.refused": Words("the operator refused it", "اپراتور آن را نپذیرفت"),
    "answer.ambiguous": Words("the operator's answer is lost", "پاسخ اپراتور گم شد"),
    "happened.with_code": Words("code {code}", "کد {code}"),
    "part.w": Words("waits", "در صف"),
    "part.s": Words("sent, not answered", "فرستاده، بی پاسخ"),
    "part.a": Words("answer lost", "پاسخ گم‌شده"),
    "part.t": Words("with the operator", "نزد اپراتور"),
    "part.d": Words("arrived", "رسیده"),
    "part.u": Words("not arrived", "نرسیده"),
    "part.e": Words("expired at the operator", "مهلت نزد اپراتور گذشته"),
    "part.r": Words("refused", "ردشده"),
    "part.o": Words("opted out", "لغو گیرنده"),
    "part.k": Words("the operator does not know", "اپراتور نمی‌داند"),
    "receipt.d": Words("receipt: it reached the handset", "رسید آمد: به گوشی رسید"),
    "receipt.u": Words("receipt: it did not reach the handset", "رسید آمد: به گوشی نرسید"),
    "receipt.e": Words("receipt: expired at the operator", "رسید آمد: مهلت نزد اپراتور گذشت"),
    "receipt.r": Words("receipt: refused", "رسید آمد: رد شد"),
    "receipt.o": Words("receipt: the recipient has opted out", "رسید آمد: گیرنده این خط را لغو کرده است"),
    "receipt.k": Words("receipt: the operator does not know", "رسید آمد: اپراتور خود نمی‌داند"),
    "happened.of_parts": Words("{some} of {all} parts", "{some} بخش از {all} بخش"),
    "happened.moved": Words("moved to another line", "به خطی دیگر منتقل شد"),
    "happened.moved_from": Words("from line {line}", "از خط {line}"),
    "happened.told": Words("your webhook was told", "به وب‌هوک شما گفته شد"),
    "happened.told_detail": Words("{standing}: {post}, {tries} tries", "{standing}: {post}، {tries} بار"),
    "happened.ended": Words("end: {standing}", "پایان: {standing}"),
    # -- one's own page
    "me.heading": Words("My page", "صفحهٔ من"),
    "me.role": Words("Role", "نقش"),
    "me.account": Words("Account", "حساب"),
    "me.rights": Words("May", "حق"),
    "me.sessions": Words("Where you are signed in", "ورودهای شما"),
    "me.begun": Words("Signed in", "زمان ورود"),
    "me.used": Words("Last used", "آخرین کار"),
    "me.this": Words("this browser", "همین مرورگر"),
    "me.other": Words("another browser", "مرورگر دیگر"),
    "me.browser": Words("Browser", "مرورگر"),
    "me.end_others": Words("End all others", "پایان دادن به ورودهای دیگر"),
    # -- customers
    "customers.heading": Words("Customers", "مشتریان"),
    "customers.name": Words("Account", "حساب"),
    "customers.lines": Words("Lines", "خط‌ها"),
    "customers.available": Words("Credit, rial", "اعتبار، ریال"),
    "customers.reserved": Words("Reserved, rial", "رزرو، ریال"),
    "customers.active": Words("Active", "فعال"),
    "customers.none": Words("No customer yet", "هنوز مشتری‌ای نیست"),
    # -- why a page is not shown
    "why.not_found.heading": Words("Nothing is here", "این‌جا چیزی نیست"),
    "why.not_found.what": Words(
        "There is no such page or message, or it is not yours.", "چنین صفحه یا پیامی نیست، یا از آنِ شما نیست."
    ),
    "why.not_found.todo": Words("Go back to the list, or look for it there.", "به فهرست بازگردید و همان‌جا بجویید."),
    "why.right.heading": Words("This is not for your role", "این صفحه برای نقش شما نیست"),
    "why.right.what": Words("It needs the right of {right}.", "این صفحه حقِ «{right}» می‌خواهد."),
    "why.right.todo": Words("These have it: {roles}.", "این نقش‌ها آن را دارند: {roles}."),
    "why.open.heading": Words("Not over plain HTTP", "نه بی HTTPS"),
    "why.open.what": Words(
        "This panel is reached without HTTPS, and your role may move money.",
        "این پنل بی HTTPS باز شده است و نقش شما با پول سروکار دارد.",
    ),
    "why.open.todo": Words("Come by https, or on the machine itself.", "با https یا از روی خود دستگاه بیایید."),
    "why.foreign.heading": Words("The form is not ours", "فرم از این پنل نیامده است"),
    "why.foreign.what": Words(
        "It came from another page, or from a session that has ended. Nothing was done.",
        "از صفحه‌ای دیگر، یا از ورودی که پایان یافته آمده است. کاری انجام نشد.",
    ),
    "why.foreign.todo": Words("Open the page anew and send it again.", "صفحه را از نو باز کنید و دوباره بفرستید."),
    "why.busy.heading": Words("Not now", "اکنون نمی‌شود"),
    "why.busy.what": Words("The database does not answer.", "پایگاه داده پاسخ نمی‌دهد."),
    "why.busy.todo": Words("Try again in a minute.", "یک دقیقهٔ دیگر دوباره بیازمایید."),
    "why.account.heading": Words("The account is closed", "حساب بسته است"),
    "why.account.what": Words("{reason}", "{reason}"),
    "why.account.todo": Words("Ask the house.", "از سامانه بپرسید."),
    "why.unreadable.heading": Words("The form cannot be read", "فرم خوانده نمی‌شود"),
    "why.unreadable.what": Words("It holds what no page of ours sends.", "در آن چیزی است که هیچ صفحهٔ ما نمی‌فرستد."),
    "why.unreadable.todo": Words("Open the page anew and send it again.", "صفحه را از نو باز کنید و دوباره بفرستید."),
    # -- what the server itself refuses
    "refused.not_found": Words("There is no such page.", "چنین صفحه‌ای نیست."),
    "refused.method": Words("This page is not asked for in this way.", "این صفحه را این‌گونه نمی‌خواهند."),
    "refused.too_large": Words("The form is too large.", "فرم زیادی بزرگ است."),
    "refused.busy": Words("Not now; try again in a minute.", "اکنون نمی‌شود؛ یک دقیقهٔ دیگر دوباره بیازمایید."),
    "refused.bug": Words("That is a fault of ours; it stands in the log.", "خطایی از ماست؛ در گزارش نوشته شد."),
    "refused.unreadable": Words("This cannot be read.", "این خواندنی نیست."),
    "refused.session": Words("Sign in again.", "دوباره وارد شوید."),
    "refused.elsewhere": Words(
        "This form came by another address than the panel's own (panel_url); open the panel there.",
        "این فرم از نشانی‌ای جز نشانی خود پنل (panel_url) آمده است؛ پنل را با همان نشانی باز کنید.",
    ),
    "refused.proxy": Words(
        "A proxy brings this request, and we may not believe what it says: its address is missing in trusted_networks, "
        "or it does not send Host and X-Forwarded-Proto as they came.",
        "این درخواست را پراکسی‌ای می‌آورد که به گفته‌اش اطمینان نداریم: نشانی‌اش در trusted_networks نیست، یا Host و "
        "X-Forwarded-Proto را همان‌گونه که آمده نمی‌فرستد.",
    ),
}


def say(key: str, **fields: object) -> str:
    """The words of this name, in the listener's language. Raises KeyError for a name or a field that is missing."""
    text = spoken(PANEL[key])
    return text.format(**fields) if fields else text
