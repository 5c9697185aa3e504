"""A dozen mails as people get them, made by code, for `make demo` and for tests of the way in."""

# ruff: noqa: E501  (letters have long lines)

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid


@dataclass(frozen=True, slots=True)
class DemoMail:
    """What is said to MAIL, and the source without any line of ours."""

    what: str
    reverse_path: str
    source: bytes


def demo_mails(address: str, now: datetime) -> list[DemoMail]:
    """The mails to `address`, oldest first."""
    return [
        make(address, now - timedelta(minutes=len(_MAKERS) - index)) for index, make in enumerate(_MAKERS)
    ]


def _message(
    address: str, at: datetime, *, name: str, sender: str, subject: str, tag: str = ""
) -> EmailMessage:
    local_part, _, domain = address.partition("@")
    user, _, host = sender.partition("@")
    message = EmailMessage()
    message["From"] = Address(name, user, host)
    message["To"] = f"{local_part}+{tag}@{domain}" if tag else address
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=host)
    return message


def _mail(what: str, message: EmailMessage, reverse_path: str) -> DemoMail:
    return DemoMail(what, reverse_path, message.as_bytes())


# -- the mails -------------------------------------------------------------------------------------


def _newsletter(address: str, at: datetime) -> DemoMail:
    message = _message(
        address,
        at,
        name="The Weekly Loaf",
        sender="letter@loaf.example",
        subject="Five breads for short days",
    )
    message["List-Unsubscribe"] = "<https://loaf.example/leave?u=demo>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Five breads for short days\n\n1. Rye with caraway\n2. Flat bread from the pan\n")
    breads = ("Rye with caraway", "Flat bread from the pan", "Overnight rolls", "Soda bread", "Stollen")
    cells = "".join(
        f'<tr><td style="padding:12px 24px;border-bottom:1px solid #e6dfd3"><b>{index}. {bread}</b><br>'
        f'<span style="color:#776655">Ready in {40 + index * 35} minutes. '
        f'<a href="https://loaf.example/r/{index}?utm_source=letter">Read the recipe</a></span></td></tr>'
        for index, bread in enumerate(breads, start=1)
    )
    message.add_alternative(
        '<html><body style="margin:0;background:#f3eee6"><table width="100%" bgcolor="#f3eee6"><tr><td align="center">'
        '<table width="600" cellpadding="0" cellspacing="0" style="background:#ffffff;font-family:Georgia,serif">'
        '<tr><td style="background:#7a3e1d;color:#ffffff;padding:24px;font-size:28px">The Weekly Loaf</td></tr>'
        f"{cells}"
        '<tr><td style="padding:24px"><a href="https://loaf.example/all" style="background:#7a3e1d;color:#ffffff;'
        'padding:12px 20px;text-decoration:none;border-radius:4px">All recipes</a></td></tr>'
        '<tr><td style="padding:12px 24px;color:#776655;font-size:12px">You get this because you asked for it. '
        '<a href="https://loaf.example/leave?u=demo">Leave</a></td></tr></table></td></tr></table>'
        '<img src="https://loaf.example/seen.gif?u=demo" width="1" height="1" alt=""></body></html>',
        subtype="html",
    )
    return _mail("newsletter", message, "bounce-7714@loaf.example")


def _mailing_list(address: str, at: datetime) -> DemoMail:
    message = _message(
        address,
        at,
        name="Jo Marsh via gardeners",
        sender="gardeners@lists.example",
        subject="[gardeners] Slugs, again",
    )
    message["List-Id"] = "Gardeners <gardeners.lists.example>"
    message["List-Post"] = "<mailto:gardeners@lists.example>"
    message["Precedence"] = "list"
    message["Reply-To"] = "gardeners@lists.example"
    message.set_content(
        "On Tuesday Kim wrote:\n> Copper tape works for me.\n>> Does anything work at all?\n\n"
        "Here it did not. They came over the wall.\n\n-- \nJo\n"
        "_______________________________________________\n"
        "gardeners mailing list\nhttps://lists.example/gardeners\n"
    )
    return _mail("mailing list", message, "gardeners-bounces@lists.example")


def _long(address: str, at: datetime) -> DemoMail:
    message = _message(
        address,
        at,
        name="Terms Desk",
        sender="terms@service.example",
        subject="Our terms have changed (long)",
    )
    paragraph = (
        "You may use the service as long as you follow these terms. We may change them, and will say so two weeks "
        "before. Nothing in them takes away what the law of your country gives you. "
    )
    message.set_content(
        "\n\n".join(f"{number}. {paragraph * 3}" for number in range(1, 61)) + "\n\nThe end.\n"
    )
    return _mail("long mail", message, "terms@service.example")


def _delivery_report(address: str, at: datetime) -> DemoMail:
    boundary = "=_report"
    lines = [
        "From: Mail Delivery System <mailer-daemon@relay.example>",
        f"To: {address}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {format_datetime(at)}",
        f"Message-ID: {make_msgid(domain='relay.example')}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This is the mail system at host relay.example.",
        "",
        "Your message could not be delivered to one recipient. It is attached below.",
        "",
        "<nobody@elsewhere.example>: host mx.elsewhere.example said: 550 5.1.1 No such mailbox",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; relay.example",
        f"Arrival-Date: {format_datetime(at)}",
        "",
        "Final-Recipient: rfc822; nobody@elsewhere.example",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 No such mailbox",
        f"--{boundary}",
        "Content-Type: message/rfc822",
        "",
        f"From: {address}",
        "To: nobody@elsewhere.example",
        "Subject: Are you there?",
        "",
        "Hello?",
        f"--{boundary}--",
        "",
    ]
    return DemoMail("delivery report", "", "\r\n".join(lines).encode())


def _arabic(address: str, at: datetime) -> DemoMail:
    message = _message(
        address, at, name="مكتبة النور", sender="salam@maktaba.example", subject="طلبك رقم ٤٥٧ في الطريق"
    )
    message.set_content(
        "مرحبا،\n\nخرج طلبك رقم ٤٥٧ من المكتبة اليوم ويصل يوم الخميس بين الساعة 10 و 12.\n\nمع التحية\n"
    )
    message.add_alternative(
        '<div dir="rtl"><h2>طلبك في الطريق</h2><p>خرج طلبك رقم <b>٤٥٧</b> اليوم ويصل يوم الخميس بين الساعة 10 و 12.</p></div>',
        subtype="html",
    )
    return _mail("Arabic", message, "salam@maktaba.example")


def _japanese(address: str, at: datetime) -> DemoMail:
    message = _message(
        address, at, name="山田書店", sender="info@yamada.example", subject="ご予約の本が届きました"
    )
    message.set_content(
        "山田書店です。\n\nご予約の本が店に届きました。一週間お取り置きいたします。\n営業時間は十時から十九時です。\n",
        charset="iso-2022-jp",
    )
    return _mail("Japanese", message, "info@yamada.example")


def _receipt(address: str, at: datetime) -> DemoMail:
    message = _message(
        address,
        at,
        name="Corner Café",
        sender="till@cafe.example",
        subject="Your receipt, 12.40 €",
        tag="cafe",
    )
    message.set_content("Thank you. Two coffees and a slice of cake: 12.40 €. The receipt is attached.\n")
    message.add_attachment(
        _pdf(["Corner Café", "2 coffees   7.60", "1 cake      4.80", "Total      12.40 EUR"]),
        maintype="application",
        subtype="pdf",
        filename="receipt-2024-11.pdf",
    )
    return _mail("receipt with PDF, sent to a +tag", message, "till@cafe.example")


def _invitation(address: str, at: datetime) -> DemoMail:
    message = _message(
        address, at, name="Sam Okafor", sender="sam@work.example", subject="Invitation: Walk the new route"
    )
    starts = at + timedelta(days=2)
    calendar = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//demo//EN",
            "METHOD:REQUEST",
            "BEGIN:VEVENT",
            f"UID:{make_msgid(domain='work.example')[1:-1]}",
            f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{starts:%Y%m%dT%H%M%SZ}",
            f"DTEND:{starts + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
            "SUMMARY:Walk the new route",
            "LOCATION:North gate",
            "ORGANIZER;CN=Sam Okafor:mailto:sam@work.example",
            f"ATTENDEE;RSVP=TRUE:mailto:{address}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    message.set_content("Shall we walk the new route on Friday? Meet at the north gate.\n")
    message.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})
    return _mail("calendar invitation", message, "sam@work.example")


def _photo(address: str, at: datetime) -> DemoMail:
    message = _message(address, at, name="Noa", sender="noa@home.example", subject="The view from up here")
    message.set_content("Look where I am. More when I am back.\n\nNoa\n")
    message.add_attachment(
        _picture(360, 240), maintype="image", subtype="png", filename="view from the pass.png"
    )
    return _mail("photo attached", message, "noa@home.example")


def _inline_picture(address: str, at: datetime) -> DemoMail:
    message = _message(
        address, at, name="Tram Museum", sender="tickets@tram.example", subject="Your ticket for Saturday"
    )
    content_id = make_msgid(domain="tram.example")
    message.set_content("Your ticket for Saturday. Show the picture at the door.\n")
    message.add_alternative(
        '<div style="font-family:sans-serif"><h1 style="color:#1d4f7a">Tram Museum</h1>'
        f'<p>Show this at the door:</p><img src="cid:{content_id[1:-1]}" alt="Ticket" width="180" height="120">'
        "<p>Saturday, from 10 o’clock. Two adults.</p></div>",
        subtype="html",
    )
    message.get_payload()[1].add_related(  # type: ignore[index, union-attr]
        _picture(180, 120), maintype="image", subtype="png", cid=content_id
    )
    return _mail("picture inside the text", message, "tickets@tram.example")


def _reply(address: str, at: datetime) -> DemoMail:
    message = _message(address, at, name="Kim Lindqvist", sender="kim@post.example", subject="Re: The bike")
    message["In-Reply-To"] = make_msgid(domain="post.example")
    message.set_content(
        "Yes, it is still here. Come by after six, the bell is broken, so knock.\n\n"
        "See the way: https://map.example/?q=Mill+Lane+4\n\nKim\n\n"
        "On Mon, you wrote:\n> Is the bike still for sale?\n> I could fetch it today.\n"
    )
    return _mail("reply with a quote", message, "kim@post.example")


def _sign_up(address: str, at: datetime) -> DemoMail:
    message = _message(
        address, at, name="Shop", sender="no-reply@shop.example", subject="482 913 is your code", tag="shop"
    )
    message.set_content(
        "Welcome to Shop.\n\nYour code is 482 913. It is good for ten minutes.\n\n"
        "Or confirm here: https://shop.example/confirm?token=b7c1d0\n\nWas it not you? Then do nothing.\n"
    )
    message.add_alternative(
        '<div style="font-family:sans-serif;max-width:480px"><h2>Welcome to Shop</h2><p>Your code:</p>'
        '<p style="font-size:32px;letter-spacing:4px"><b>482 913</b></p><p>It is good for ten minutes.</p>'
        '<p><a href="https://shop.example/confirm?token=b7c1d0">Confirm your account</a></p>'
        "<p>Was it not you? Then do nothing.</p></div>",
        subtype="html",
    )
    return _mail("sign-up code", message, "bounces+1@shop.example")


_MAKERS: tuple[Callable[[str, datetime], DemoMail], ...] = (
    _newsletter,
    _mailing_list,
    _long,
    _delivery_report,
    _arabic,
    _japanese,
    _receipt,
    _invitation,
    _photo,
    _inline_picture,
    _reply,
    _sign_up,
)


# -- files made by hand ----------------------------------------------------------------------------


def _pdf(lines: list[str]) -> bytes:
    """A page with these lines, as small as a PDF that every reader opens can be (ISO 32000-1, 7.5)."""
    shown = "".join(f"({_pdf_text(line)}) Tj T* " for line in lines)
    content = f"BT /F1 16 Tf 24 TL 40 300 Td {shown}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 360] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    file = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(file)


def _pdf_text(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _picture(width: int, height: int) -> bytes:
    """A PNG: hills under an evening sky (PNG specification, 11.2)."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter
        for x in range(width):
            near = height * 0.72 + 14 * _wave(x / 41)
            far = height * 0.55 + 22 * _wave(x / 67 + 2)
            if y > near:
                rows += bytes((38, 70, 52))
            elif y > far:
                rows += bytes((84, 116, 110))
            else:
                shade = y / height
                rows += bytes((255 - int(60 * shade), 190 - int(30 * shade), 130 + int(70 * shade)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _wave(at: float) -> float:
    """Up and down between -1 and 1."""
    return 1 - 4 * abs((at % 1) - 0.5)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
