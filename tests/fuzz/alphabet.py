"""Bytes as letters of the languages that mail is written in: random ones seldom get past the first colon."""

from __future__ import annotations

MAIL = """
: ; = -- --b --b-- < > From: To: Cc: Subject: Date: Sender: Reply-To: Received: Message-ID: MIME-Version:
Content-Type: text/plain text/html text/calendar text/enriched multipart/mixed multipart/alternative
multipart/related multipart/digest multipart/report multipart/signed message/rfc822 message/partial
message/delivery-status application/octet-stream application/ms-tnef image/png ;boundary=b ;boundary="b"
;charset= utf-8 us-ascii iso-8859-1 windows-1252 iso-2022-jp gb18030 shift_jis koi8-r utf-7 utf-16
x-unknown Content-Transfer-Encoding: base64 quoted-printable 7bit 8bit x-uuencode Content-Disposition:
attachment inline ;filename= ;filename*= ;filename*0*=utf-8'' ;filename*1= ;name= Content-ID: <a@b>
format=flowed delsp=yes %C3 =?utf-8?B? =?utf-8?Q? =?iso-2022-jp?B? ?= w7w =C3=BC =20 =3D +2D8-
a@b.example , ( ) @ word . / \\ from by with for Tue, 24 Nov 2026 10:00:00 +0100 -0000 99999
BEGIN:VCALENDAR END:VCALENDAR BEGIN:VEVENT DTSTART: SUMMARY: BEGIN:VCARD FN: begin 644 end Status: 5.1.1
Final-Recipient: rfc822; Action: failed 250 220 HELO DATA 1.0
""".split()  # noqa: SIM905 - read as a list of words, not of quotes

HTML = """
< > / = " ' & ; # a b i p q s u td tr th li ul ol div span table img font style <p> </p> <div> </div>
<table> </table> <tr> <td> </td> <b> </b> <a </a> <li> <br> <!-- --> <!--[if mso]> <![endif]--> <script>
</script> <style> </style> <title> </title> <head> </head> <body <html <svg> </svg> <math> <textarea>
<select> <noscript> </noscript> <template> <iframe <object> <form <input <base <meta <link href= src=
srcset= background= style= class= id= name= onerror= alt= bgcolor= color= width= dir=rtl javascript:
cid:x #x https://x.example //x.example mailto:a@b.example data:image/png;base64, iVBORw0KGgo= color:red
url( ) expression( @import @media { } position:fixed var(--x) \\3c é &#x3c; &lt; &#106; &amp; &nbsp;
&#847; &zwnj; confirm?token=ab39 482913 <a\tb=">" </ <!DOCTYPE <? ?> xlink:href
""".split()  # noqa: SIM905

TEXT = """
code codes pin password otp verification your is : . , - order number invoice tel confirm verify activate
reset sign in password email account unsubscribe https:// http:// www. x.example /confirm /unsubscribe
?token= &k= @ # % 482913 482 913 12 1234 2026 2026-11-24 G- AB12 CD34 x 1 7 8 $ EUR % minutes × ( ) [ ] <
> " ' * ** | > = _ + / \\ ~ ` ^ { } ; ! ? Bestätigungscode Code de vérification código Код подтверждения
验证码 認証コード 인증번호 رمز ٤٨٢٩١٣ ４８２９１３ รหัส कोड mã kód şifre é ß İ ı ﬁ № Ⅷ ½ ² a\u0301 \u0301
한 ᄒ ᅡ ᆫ が \u3099 क्ष ي ى ـ „ “ ‘ … – ： 。 ， 「 」 🔐 𝟜 \ud83d bestätigen 激活 подтвердить تأكيد
""".split()  # noqa: SIM905

BLANKS = [
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "\n\n",
    " ",
    "\t",
    "\0",
    "\x1b$B",
    "\u202e",
    "\u200b",
    "\u00a0",
    "\x02",
    "\xff",
]


LONGEST_SPELLED = 200_000


def spelled(data: bytes, words: list[str]) -> str:
    """Each byte as a word or a blank; what is over stands for repetitions of the last one."""
    known = [*words, *BLANKS]
    out: list[str] = []
    last, length = "", 0
    for byte in data:
        if byte < len(known):
            word = last = known[byte]
        else:
            word = last * (byte - len(known) + 1 if byte < 250 else 400)
        out.append(word)
        length += len(word)
        if length > LONGEST_SPELLED:
            break
    return "".join(out)[:LONGEST_SPELLED]


def as_bytes(data: bytes, words: list[str]) -> bytes:
    """`data` itself, or what it spells: its first byte says which."""
    if not data or data[0] % 2:
        return data[1:]
    return spelled(data[1:], words).encode("utf-8", "surrogatepass")


def as_text(data: bytes, words: list[str]) -> str:
    """The same as text, lone surrogates included, as a lying charset gives them."""
    return as_bytes(data, words).decode(
        "utf-8", "surrogatepass" if data[:1] and not data[0] % 2 else "replace"
    )
