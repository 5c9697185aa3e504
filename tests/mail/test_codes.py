"""Codes by their look and by the words beside them. Whole letters are in labelled/."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail.codes import find_code, grouped

IS_YOURS = "Your verification code is {}."


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("4829", "4829"),
        ("48291", "48291"),
        ("482913", "482913"),
        ("4829135", "4829135"),
        ("48291355", "48291355"),
        ("482913557", "482913557"),
        ("4829135570", "4829135570"),
        ("482 913", "482913"),
        ("482\u00a0913", "482913"),
        ("482-913", "482913"),
        ("482\u2011913", "482913"),
        ("48 29 13", "482913"),
        ("4829 1355", "48291355"),
        ("4 8 2 9 1 3", "482913"),
        ("G-482913", "G-482913"),
        ("AB12-CD34", "AB12-CD34"),
        ("WDKB-MJHT", "WDKB-MJHT"),
        ("K7Q2X9", "K7Q2X9"),
        ("k7q2x9", "k7q2x9"),
        ("K7Q 2X9", "K7Q2X9"),
        ("K 7 Q 2 X 9", "K7Q2X9"),
        ("\uff14\uff18\uff12\uff19\uff11\uff13", "482913"),
        ("\u0664\u0668\u0662\u0669\u0661\u0663", "482913"),
        ("\u06f4\u06f8\u06f2\u06f9\u06f1\u06f3", "482913"),
        ("\u096a\u096e\u0968\u096f\u0967\u0969", "482913"),
        ("**482913**", "482913"),
        ('"482913"', "482913"),
        ("[482913]", "482913"),
        ("2031", "2031"),
    ],
)
def test_a_code_is_found_however_it_is_written(written: str, code: str) -> None:
    assert find_code("", IS_YOURS.format(written)) == code


@pytest.mark.parametrize(
    "written",
    [
        "482",
        "48291355770",
        "#482913",
        "482.91",
        "4,829",
        "$4829",
        "4829 EUR",
        "4829%",
        "+49 30 482913",
        "0800-482-9135",
        "(415) 4829135",
        "10:4829",
        "2026-11-24",
        "24.11.2026",
        "10.48.29.13",
        "https://x.example/482913",
        "x482913@mail.example",
        "482913.pdf",
        "****4829",
        "\u2022\u2022\u2022\u2022 4829",
        "xx4829",
        "4829 minutes",
        "4829\u5206",
        "INV-48291",
        "4829_135",
        "a/4829",
        "1204px",
        "123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_a_number_of_another_look_is_no_code(written: str) -> None:
    assert find_code("", IS_YOURS.format(written)) == ""


@pytest.mark.parametrize(
    ("subject", "text", "code"),
    [
        ("", "482913", ""),
        ("Hello", "Nothing here but 482913 and words.", ""),
        ("Your login code", "482913", "482913"),
        ("482913 is your code", "", "482913"),
        ("", "Code\n\n482913", "482913"),
        ("", "482913\n\nThis code expires soon", "482913"),
        ("", "Order number\n482913\nVerification code\n771204", "771204"),
        ("", "Your code for order 48291 is 7731", "7731"),
        ("", "Your new code is 112233. The old code 998877 has expired.", "112233"),
        ("", "Your old code 998877 has expired. The new code is 112233.", "112233"),
        ("", "Code: 771204\n\n> On Monday you wrote:\n> Code: 112233", "771204"),
        ("", "Use code SAVE20 at checkout", ""),
        ("", "Postal code: 10115", ""),
        ("", "the code in net/code.c 1204", ""),
        ("", "how to encode rfc822 in base64", ""),
        ("", "opcode: QUERY, status: NOERROR, id: 54701", ""),
        (
            "",
            "To finish your registration at our site please type in the verification\ncode 482913 and go on.",
            "482913",
        ),
        ("", "x" * 3000 + " Your code is 482913. " + "y" * 3000, "482913"),
    ],
)
def test_the_words_beside_a_number_decide(subject: str, text: str, code: str) -> None:
    assert find_code(subject, text) == code


@pytest.mark.parametrize(
    "text",
    [
        "Your code for Acme Inc. is 482913",
        "Your code from Dr. Smith is 482913",
        "Your code for Yahoo! is 482913",
        "Ihr Code für Fa. Muster lautet 482913",
        "Kod dla p. Anny to 482913",
        "Codul dvs. de verificare este 482913",
        "Tu código (válido 10 min.) es 482913",
        "Il codice n. 482913",
        "Váš kód č. 482913",
        "Votre code de vérification n° 482913",
        "Código nº 482913",
        "Kod nr 482913",
        "Your code (exp. 12 Dec.) is 482913",
        "Ваш код для п. Олени — 482913",
    ],
)
def test_what_is_short_for_a_word_ends_no_sentence(text: str) -> None:
    assert find_code("", text) == "482913"


@pytest.mark.parametrize(
    "text",
    [
        "Do not tell your code. Room 482913 is free.",
        "Do not tell your code! 482913 people did.",
        "ما هو الكود. الغرفة 482913 هنا",
    ],
)
def test_a_dot_before_a_new_sentence_ends_one(text: str) -> None:
    assert find_code("", text) == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your PIN is 2024", "2024"),
        ("Your code is 1999, for an hour.", "1999"),
        ("The code is 2024 years old", ""),
        ("Use G-482913 as your code", "G-482913"),
        ("Your code is a1b2c3d4", "a1b2c3d4"),
        ("Activation key: 4829-1355", "48291355"),
        ("Votre code est le 48291.", "48291"),
        ("Kodunuz 482913'tür.", "482913"),
        ("The dog ate the 48291 codes", ""),
        ("License code: 4829-1355", ""),
        ("RFC 5321 code 5511", ""),
        ("Your one-time code was used on device 48291", ""),
        ("Your code for the new device is 48291", "48291"),
    ],
)
def test_what_looks_like_another_thing_may_be_meant(text: str, code: str) -> None:
    assert find_code("", text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Pincode: 110001", ""),
        ("PIN code 110001, New Delhi", ""),
        ("Your parcel goes to\nPincode\n110001", ""),
        ("Your PIN code is 110001", "110001"),
        ("Uw pincode: 482913", "482913"),
        ("PIN-Code: 482913", "482913"),
        ("Pincode: 4829", "4829"),
    ],
)
def test_a_postcode_of_india_is_no_pin(text: str, code: str) -> None:
    assert find_code("", text) == code


@pytest.mark.parametrize(
    "named",
    [
        "Bestellcode",
        "Jugendherbergscode",
        "bestelcode",
        "kundkod",
        "postikoodi",
        "Code retour",
        "Code de livraison",
        "Codice del cliente",
        "Código da loja",
        "Kod zwrotu",
        "Koda za vračilo",
        "почтовый код",
        "Код города",
        "İade kodu",
        "Pick-up code",
        "Unsubscribe code",
        "返品コード",
        "รหัสคืนสินค้า",
    ],
)
def test_a_code_of_another_kind_is_none(named: str) -> None:
    assert find_code("", f"{named}: 482913") == ""


@pytest.mark.parametrize(
    "named", ["Zugriffscode", "Legitimationscode", "säkerhetskod", "tunnuskoodi", "inlogcode"]
)
def test_a_name_in_one_word_may_be_that_of_a_code(named: str) -> None:
    assert find_code("", f"{named}: 482913") == "482913"


@pytest.mark.parametrize("piece", ["Inc. ", "code n. ", "n° ", "code 1 ", "pincode ", ".) ", "kod za "])
def test_what_is_said_over_and_over_is_read_in_pieces(piece: str) -> None:
    assert find_code("", piece * 20_000 + "482913") in ("", "482913")


def test_a_number_that_fills_an_element_alone_is_in_a_box() -> None:
    text = "Take this code, it is for you alone. 482913 And thank you."
    assert find_code("", text) == ""
    assert find_code("", text, {"482913"}) == "482913"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("4829", "4829"),
        ("48291", "48 291"),
        ("482913", "482 913"),
        ("4829135", "482 9135"),
        ("48291355", "4829 1355"),
        ("482913557", "482 913 557"),
        ("4829135577", "482 913 5577"),
        ("AB12-CD34", "AB12-CD34"),
        ("G-482913", "G-482913"),
        ("", ""),
    ],
)
def test_a_code_is_shown_in_groups(code: str, shown: str) -> None:
    assert grouped(code) == shown
    assert "".join(shown.split()) == code


WORDS = [
    "code",
    "482913",
    "1234",
    "is",
    "your",
    ":",
    ".",
    " ",
    "\n",
    "-",
    "A1B2",
    "验证码",
    "order",
    "48 29",
    "№",
    "é",
    "İ",
]


@given(
    st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    st.lists(st.sampled_from(WORDS), max_size=8).map("".join),
)
def test_whatever_is_found_was_written_and_may_be_typed(text: str, subject: str) -> None:
    code = find_code(subject, text)
    if code:
        bare = "".join(character for character in f"{subject}\n{text}" if character.isalnum())
        assert code.replace("-", "") in bare
        assert 4 <= len(code.replace("-", "")) <= 10
        assert any(character.isdecimal() for character in code)


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_has_a_code_or_none(text: str, subject: str) -> None:
    code = find_code(subject, text, {text[:10]})
    assert code.isascii()
    assert code == "" or code.replace("-", "").isalnum()
