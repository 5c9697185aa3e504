"""Bytes to text: what is declared, what is a lie, what is guessed."""

import time

import pytest

from inbox.mail import read, summarise
from inbox.mail.charsets import codec_for, declared_in_html, decode, decode_header_bytes
from inbox.mail.parse import NOTE_CHARSET
from tests.mail.corpus import FROM, MIXED, message, multipart, part
from tests.mail.shut_in import shut_in

GREETING = "Grüße"


@pytest.mark.parametrize(
    ("raw", "label", "text", "is_guessed"),
    [
        (b"plain", "us-ascii", "plain", False),
        (b"plain", "", "plain", False),
        (GREETING.encode(), "utf-8", GREETING, False),
        (GREETING.encode(), "UTF8", GREETING, False),
        (GREETING.encode(), '"utf-8"', GREETING, False),
        (GREETING.encode("cp1252"), "iso-8859-1", GREETING, False),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”", False),
        (GREETING.encode(), "us-ascii", GREETING, True),
        (GREETING.encode(), "", GREETING, False),
        (GREETING.encode("cp1252"), "", GREETING, True),
        (GREETING.encode(), "x-klingon", GREETING, True),
        (GREETING.encode("cp1252"), "x-klingon", GREETING, True),
        (GREETING.encode("cp1252"), "utf-8", GREETING, True),
        ((GREETING * 9).encode()[:-1] + b"\xff", "utf-8", GREETING * 8 + "Grüß\ufffd", True),
        ("漢字".encode("gb18030"), "gb2312", "漢字", False),
        ("表示".encode("cp932"), "x-sjis", "表示", False),
        ("①".encode("cp932"), "shift_jis", "①", False),
        ("한글".encode("cp949"), "euc-kr", "한글", False),
        ("日本".encode("iso2022_jp"), "ISO-2022-JP", "日本", False),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет", False),
        ("Привет".encode("cp1251"), "windows-1251", "Привет", False),
        ("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום", False),
        ("สวัสดี".encode("cp874"), "windows-874", "สวัสดี", False),
        (GREETING.encode("utf-16"), "utf-16", GREETING, False),
        (b"Gr+APwA3w-e", "utf-7", "Grüße", False),
    ],
)
def test_text_is_read_as_it_was_meant(raw: bytes, label: str, text: str, is_guessed: bool) -> None:
    assert decode(raw, label) == (text, is_guessed)


NO_CHARSETS = """
punycode idna hex zlib rot13 base64 unicode_escape raw_unicode_escape undefined os.path utf-8\0 \ud800
encodings.utf_8 __init__ ../../etc/passwd
""".split()  # noqa: SIM905


@pytest.mark.parametrize("label", [*NO_CHARSETS, "", " ", "x" * 5000])
def test_a_codec_that_is_no_charset_is_never_run(label: str) -> None:
    assert codec_for(label) in ("", "utf-8")
    assert decode(b"hello-there-", label)[0] == "hello-there-"


def test_a_character_cut_by_a_cap_is_no_lie() -> None:
    raw = (GREETING * 3).encode()
    at = raw.rindex("ü".encode()) + 1
    assert decode(raw[:at], "utf-8", cut=True) == ("GrüßeGrüßeGr", False)
    assert decode(raw[:at], "", cut=True) == ("GrüßeGrüßeGr", False)


def test_labels_that_senders_invent_do_not_pile_up() -> None:
    from inbox.mail import charsets

    for number in range(2000):
        codec_for(f"x-invented-{number}")
    assert len(charsets._codecs) <= 500


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("iso-8859-8-i", "iso8859-8"),
        ("x-sjis", "cp932"),
        ("windows-31j", "cp932"),
        ("gb2312", "gb18030"),
        ("x-gbk", "gb18030"),
        ("GB_2312-80", "gb18030"),
        ("windows-874", "cp874"),
        ("tis-620", "cp874"),
        ("ks_c_5601-1987", "cp949"),
        ("big5", "big5hkscs"),
        ("x-x-big5", "big5hkscs"),
        ("latin1", "cp1252"),
        ("iso-8859-9", "cp1254"),
        ("x-euc-jp", "euc_jp"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("iso-2022-kr", "iso2022_kr"),
        ("hz-gb-2312", "hz"),
        ("win1251", "cp1251"),
        ("cp-1250", "cp1250"),
        ("iso8859_2", "iso8859-2"),
        ("iso-88591", "cp1252"),
        ("utf-8;", "utf-8"),
        ("macintosh", "mac-roman"),
        ("x-user-defined", ""),
    ],
)
def test_a_label_means_what_browsers_take_it_for(label: str, codec: str) -> None:
    assert codec_for(label) == codec


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_blanks(order: str) -> None:
    text = "Grüße, 日本語\nund mehr"
    assert decode(text.encode(order), "utf-16") == (text, False)
    assert decode(text.encode(order), "")[0] == text


def test_a_byte_order_mark_wins_over_the_label() -> None:
    text = "Grüße aus Köln"
    for encoding in ("utf-8-sig", "utf-16"):
        for label in ("", "iso-8859-1", "us-ascii", "koi8-r"):
            assert decode(text.encode(encoding), label)[0] == text, (encoding, label)


def test_ascii_is_no_utf_16_whatever_the_label_says() -> None:
    assert decode(b"plain old text", "utf-16") == ("plain old text", True)


def test_utf_8_under_the_label_of_single_bytes_is_utf_8() -> None:
    for label in ("iso-8859-1", "windows-1252", "koi8-r", "windows-1251"):
        assert decode("Grüße, привет".encode(), label) == ("Grüße, привет", True)
    assert decode("Grüße".encode("cp1252"), "iso-8859-1") == ("Grüße", False)


JAPANESE = "①日本語の件名ﾃｽﾄ abc"


def as_vendors_write_it(text: str) -> bytes:
    """ISO-2022-JP with the characters that only Shift JIS has, made from its bytes."""
    out = b""
    for character in text:
        raw = character.encode("cp932")
        if len(raw) == 2:
            lead, trail = raw
            row = (lead - (0x71 if lead < 0xA0 else 0xB1)) * 2 + 1
            trail -= trail > 0x7F
            row, trail = (row + 1, trail - 0x7D) if trail >= 0x9E else (row, trail - 0x1F)
            out += b"\x1b$B" + bytes((row, trail))
        elif raw[0] < 0x80:
            out += b"\x1b(B" + raw
        else:
            out += b"\x1b(I" + bytes((raw[0] & 0x7F,))
    return out + b"\x1b(B"


@pytest.mark.parametrize("label", ["iso-2022-jp", "", "us-ascii", "utf-8", "x-unknown"])
def test_escapes_are_followed_whatever_the_label_says(label: str) -> None:
    assert decode(as_vendors_write_it(JAPANESE), label)[0] == JAPANESE
    assert decode("日本語".encode("iso2022_jp"), label)[0] == "日本語"
    assert decode("안녕하세요 여러분".encode("iso2022_kr"), label)[0] == "안녕하세요 여러분"


def test_a_japanese_character_cut_by_a_word_is_whole_again() -> None:
    assert decode(b"\x1b$BF|K\x1b(B\x1b$B\\8l\x1b(B", "iso-2022-jp") == ("日本語", False)
    assert decode(b"\x1b$BF|K\x1b(B and more", "iso-2022-jp")[0] == "日\ufffd and more"


UNLABELLED = {
    "koi8-r": "Здравствуйте! Ваш код подтверждения",
    "koi8-u": "Ваш код підтвердження для входу",
    "cp1251": "Привет, мир",
    "iso8859-5": "Здравствуйте! Ваш код подтверждения",
    "cp866": "Здравствуйте! Ваш код подтверждения",
    "cp932": "お客様の確認コードは次の通りです",
    "euc_jp": "確認コード",
    "gb18030": "您的验证码是 482913，请在十分钟内输入",
    "big5": "您的驗證碼如下，請在十分鐘內輸入",
    "cp949": "[상점] 인증번호 안내",
    "iso8859-7": "Ο κωδικός επιβεβαίωσης είναι",
    "cp1255": "קוד האימות שלך הוא. תודה רבה",
    "cp1256": "رمز التحقق الخاص بك هو",
    "cp874": "รหัสยืนยันของคุณคือ ขอบคุณครับ",
    "cp1252": "it’s “fine” – schöne Grüße",
    "cp1250": "Zażółć gęślą jaźń",
    "iso8859-2": "Zażółć gęślą jaźń",
}


@pytest.mark.parametrize("charset", list(UNLABELLED))
def test_text_without_a_label_is_told_by_what_is_frequent(charset: str) -> None:
    text = UNLABELLED[charset]
    for label in ("", "us-ascii", "utf-8", "x-unknown"):
        assert decode(text.encode(charset), label) == (text, True)
    assert decode_header_bytes(text.encode(charset)) == text


# Mail as it is written, some sentences each: of Europe's alphabets most letters are ASCII.
LETTERS = {
    "turkish": (
        ["cp1254"],
        "Merhaba, e-posta doğrulama kodunuz 482913. Şifrenizi kimseyle paylaşmayın.",
        "Hesabınıza giriş yapmak için aşağıdaki bağlantıya tıklayın. İyi günler dileriz.",
        "Siparişiniz kargoya verildi, teşekkür ederiz.",
        "doğrulama kodu, yeni Şifre",
    ),
    "icelandic": (
        ["cp1252"],
        "Góðan dag, þú þarft að staðfesta netfangið þitt til að ljúka skráningu.",
        "Það er gott að heyra frá þér. Ýttu á hlekkinn hér að neðan.",
        "Það er gott veður",
        "Kveðja, Þórður Ægisson",
    ),
    "polish": (
        ["cp1250", "iso8859-2"],
        "Dzień dobry, Twój kod weryfikacyjny to 482913. Wpisz go, aby dokończyć rejestrację.",
        "Łódź, środa: dziękujemy za zamówienie i życzymy miłego dnia.",
        "Proszę potwierdzić swój adres. Źródło błędu jest nieznane, spróbuj później.",
        "Łódź",
    ),
    "czech": (
        ["cp1250", "iso8859-2"],
        "Dobrý den, váš ověřovací kód je 482913. Zadejte jej do deseti minut.",
        "Děkujeme za objednávku, zboží bylo odesláno a dorazí příští týden.",
        "Potvrďte prosím svou adresu kliknutím na odkaz níže. Přejeme hezký večer.",
        "Kůň, šťáva, žluťoučký",
    ),
    "slovak": (
        ["cp1250", "iso8859-2"],
        "Dobrý deň, váš overovací kód je 482913. Ďakujeme, že ste sa zaregistrovali.",
        "Kliknutím na odkaz potvrdíte svoju adresu. Ak ste o to nežiadali, správu vymažte.",
    ),
    "hungarian": (
        ["cp1250", "iso8859-2"],
        "Üdvözöljük! Az ön ellenőrző kódja: 482913. Kérjük, erősítse meg a címét.",
        "Köszönjük a megrendelését, a csomag holnap érkezik. Szép napot, jó egészséget kívánunk!",
        "Árvíztűrő tükörfúrógép",
    ),
    "romanian": (
        ["cp1250", "iso8859-2"],
        "Bună ziua, codul dumneavoastră de verificare şi confirmare este 482913.",
        "Vă mulţumim că v-aţi înregistrat. Apăsaţi pe legătura de mai jos în două zile.",
    ),
    "croatian": (
        ["cp1250", "iso8859-2"],
        "Poštovani, vaš kod za potvrdu je 482913. Hvala što ste se prijavili. Želite li nešto pitati?",
        "Kliknite na poveznicu kako biste dovršili prijavu. Ako niste vi tražili, zanemarite je, srdačno.",
        "Sljedeći četvrtak dolazi narudžba. Ljubazno, Đuro Šarić",
    ),
    "german": (
        ["cp1252", "cp850"],
        "Schöne Grüße aus München, Ihr Bestätigungscode lautet 482913.",
        "Über den folgenden Link können Sie Ihr Passwort ändern. Öffnen Sie ihn möglichst bald.",
        "Größe",
    ),
    "french": (
        ["cp1252"],
        "Bonjour, voici votre code de vérification. Il est valable jusqu’à demain, ça va très vite.",
        "Être ou ne pas être: où êtes-vous né? Le cœur a ses raisons. Noël à l’île, août, maïs.",
        "À bientôt",
    ),
    "spanish": (
        ["cp1252"],
        "¡Hola! Tu código de verificación es 482913. ¿No has sido tú? Ignóralo, señor.",
        "El próximo año habrá más. Contraseña, español, ánimo, pingüino.",
    ),
    "portuguese": (
        ["cp1252"],
        "Olá, o seu código de confirmação é 482913. Não responda a esta mensagem.",
        "As opções estão na página. Você também poderá alterá-las à noite, três vezes.",
        "São João, informações",
    ),
    "italian": (
        ["cp1252"],
        "Il tuo codice è 482913. Perché? Così potrà accedere più facilmente, già da lunedì.",
        "La città è bella e c’è di più",
    ),
    "swedish": (
        ["cp1252", "cp850"],
        "Hej, din verifieringskod är 482913. Vänligen ange den på sidan för att slutföra.",
        "Återställ ditt lösenord här. Hälsningar från Örebro",
    ),
    "danish": (
        ["cp1252", "cp850"],
        "Hej, din bekræftelseskode er 482913. Tak fordi du gør brug af vores løsning på siden.",
        "Åbn linket for at få adgang. Ærligt talt: rødgrød med fløde",
    ),
    "finnish": (
        ["cp1252"],
        "Hei, vahvistuskoodisi on 482913. Älä jaa sitä kenenkään kanssa. Ystävällisin terveisin",
    ),
    "estonian": (
        ["cp1252"],
        "Tere, teie kinnituskood on 482913. Palun ärge jagage seda. Täname, et õigel ajal tulite, hüvasti!",
    ),
    "lithuanian": (
        ["cp1257"],
        "Sveiki, jūsų patvirtinimo kodas yra 482913. Ačiū, kad užsiregistravote mūsų puslapyje.",
        "Norėdami tęsti, spustelėkite žemiau esančią nuorodą. Gražios dienos, iš širdies linkėjimai.",
    ),
    "latvian": (
        ["cp1257"],
        "Sveiki, jūsu apstiprinājuma kods ir 482913. Lūdzu, neizpaužiet to nevienam.",
        "Paldies, ka reģistrējāties mūsu vietnē. Noklikšķiniet uz saites, lai pabeigtu šodien.",
    ),
}


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        pytest.param(charset, text, id=f"{language} {number} {charset}")
        for language, (charsets_, *texts) in LETTERS.items()
        for charset in charsets_
        for number, text in enumerate([*texts, " ".join(texts)])
    ],
)
def test_the_languages_of_europe_are_told_by_their_letters(charset: str, text: str) -> None:
    raw = text.replace("’", "'").encode(charset) if charset == "cp850" else text.encode(charset, "replace")
    shown = raw.decode(charset)
    assert decode(raw, "", thorough=True)[0] == shown
    assert decode(raw, "utf-8")[0] == shown
    assert decode_header_bytes(raw) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Price: £5 – “café” … 20 °C, ½ © 2026 §3",
        "1º piso, 2ª puerta «¿qué?» ¡sí!",
        "Müller & Søn ÅSE",
        "naïve",
    ],
)
def test_signs_of_the_west_stay_what_they_are(text: str) -> None:
    assert decode(text.encode("cp1252"), "")[0] == text


def test_what_the_rest_of_the_message_is_in_comes_before_what_is_likely() -> None:
    raw = "árvíztűrő".encode("iso8859-2")
    assert decode(raw, "", hints=("utf-8", "iso-8859-2"))[0] == "árvíztűrő"
    assert decode_header_bytes(raw, ("iso-8859-2",)) == "árvíztűrő"


def test_statistics_are_asked_only_where_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    import charset_normalizer

    asked: list[bytes] = []

    def noted(raw: bytes) -> object:
        asked.append(raw)
        raise RuntimeError

    monkeypatch.setattr(charset_normalizer, "from_bytes", noted)
    raw = bytes(range(128, 256)) * 1000
    decode(raw, "")
    summarise(b"From: a@b\r\n\r\n" + raw)
    assert asked == []
    decode(raw, "", thorough=True)
    assert [len(one) for one in asked] == [8192]


@pytest.mark.parametrize(
    ("beginning", "label"),
    [
        (b'<html><head><meta charset="koi8-r">', "koi8-r"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>", "windows-1251"),
        (b'<?xml version="1.0" encoding="iso-8859-2"?><html>', "iso-8859-2"),
        (b"<META CONTENT='text/html;CHARSET = x-sjis' http-equiv='content-type'>", "x-sjis"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<p>charset=koi8-r</p>", ""),
        (b"x" * 9000 + b"<meta charset=koi8-r>", ""),
    ],
)
def test_html_may_say_itself_what_it_is_in(beginning: bytes, label: str) -> None:
    assert declared_in_html(beginning) == label


def test_the_charset_of_a_page_counts_where_the_part_names_none() -> None:
    page = '<meta charset="iso-8859-2"><p>árvíztűrő</p>'.encode("iso8859-2")
    source = message(FROM, "Content-Type: text/html", body=page)
    assert read(source).text == "árvíztűrő"
    assert read(source).notes == ()
    assert summarise(source).snippet == "árvíztűrő"
    declared = message(FROM, "Content-Type: text/html; charset=iso-8859-1", body=page)
    assert read(declared).text == "árvíztûrõ"


def test_the_parts_of_one_message_may_differ_in_charset() -> None:
    parts = (
        part("text/plain; charset=koi8-r", "Привет".encode("koi8-r")),
        part("text/plain; charset=shift_jis", "こんにちは".encode("cp932")),
        part("text/plain", "Grüße".encode()),
    )
    parsed = read(message(FROM, MIXED, body=multipart("", "outer", *parts)))
    assert parsed.text.split() == ["Привет", "こんにちは", "Grüße"]
    assert NOTE_CHARSET not in parsed.notes


def test_raw_bytes_in_a_header_are_in_the_charset_of_the_letter() -> None:
    subject = "Oznámení"
    source = message(
        f"From: {subject} <a@b.example>".encode("iso8859-2"),
        f"Subject: {subject} ůž".encode("iso8859-2"),
        "Content-Type: text/plain; charset=iso-8859-2",
        body="x",
    )
    for shown in (read(source).subject, summarise(source).subject):
        assert shown == f"{subject} ůž"
    assert read(source).sender.name == summarise(source).sender_name == subject


@pytest.mark.parametrize(
    "unit", [b"\x1b$B", b"\x1b(B\x1b$B!", b"\xa4", b"\x93A", b"\xd0\xff", b"\x80", b"+A", b"~{"]
)
def test_a_megabyte_of_almost_text_is_quick(unit: bytes) -> None:
    raw = unit * (1_000_000 // len(unit))
    for label in ("", "iso-2022-jp", "utf-8", "utf-7", "hz", "utf-16"):
        began = time.thread_time()
        decode(raw, label, thorough=False)
        assert time.thread_time() - began < 2.5, label


def test_a_worker_that_is_shut_in_can_still_ask_statistics() -> None:
    asked = "sys.stdout.write(charsets._of_statistics(content))"
    text = "Příliš žluťoučký kůň úpěl ďábelské ódy. " * 20
    found = shut_in(asked, text.encode("cp1250"), modules="jobs, charsets, worker; worker._load_codecs()")
    assert found == b"cp1250"
