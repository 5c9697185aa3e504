"""Search: folding, finding, and marking in the original what was found in the folded."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail.searchtext import around, fold, marks, matches, search_text, terms


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Grüße aus MÜNCHEN", "grusse aus munchen"),
        ("Smørrebrød, Łódź, Đorđe", "smorrebrod, lodz, dorde"),
        ("İSTANBUL ılık", "istanbul ilik"),
        ("Ὀδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ οδυσσευσ"),
        ("Ёлка Й", "елка и"),
        ("ＡＢＣ１２３", "abc123"),
        ("ﬁne ŒUVRE", "fine oeuvre"),
        ("مُحَمَّد أحمد", "محمد احمد"),
        ("שָׁלוֹם", "שלום"),
        ("ver\u00adi\u200bfy", "verify"),
        ("한글", "한글"),
        (unicodedata.normalize("NFD", "한글 é"), "한글 e"),
        ("हिंदी", "हिंदी"),
        ("don’t", "don't"),
        ("", ""),
    ],
)
def test_case_and_diacritics_do_not_count(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_each_word_of_a_query_must_be_somewhere() -> None:
    wanted = terms("Müller  rechnung")
    assert matches(wanted, ["Jörg Muller", "Ihre Rechnung"])
    assert matches(wanted, ["Jörg Müller"], folded=fold("anbei die RECHNUNG"))
    assert not matches(wanted, ["Jörg Müller"], folded="anbei die quittung")
    assert not matches(terms("   "), ["anything"], folded="anything")


def test_quoted_words_stay_together() -> None:
    assert terms('the "new  Code" the') == ("the", "new code")
    assert matches(terms('"new code"'), [], folded="a new code")
    assert not matches(terms('"new code"'), [], folded="a code, new")


def test_a_query_of_any_length_has_few_terms() -> None:
    assert len(terms("word" + " a b c d e f g h i j k l m n" * 100)) <= 10


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Your Code", "code", ["Code"]),
        ("Grüße, Straße", "strasse gru", ["Grü", "Straße"]),
        ("Straße", "s", ["S", "ß"]),
        ("Cafe\u0301 au lait", "cafe", ["Cafe\u0301"]),
        ("İstanbul", "ist", ["İst"]),
        ("ﬁnd", "f", ["ﬁ"]),
        ("aaaa", "aa", ["aaaa"]),
        ("nothing", "some", []),
        ("nothing", "", []),
        (unicodedata.normalize("NFD", "한글"), "글", [unicodedata.normalize("NFD", "글")]),
    ],
)
def test_hits_are_marked_in_the_original(text: str, query: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in marks(text, terms(query))] == marked


@given(st.text(max_size=60), st.text(max_size=8))
def test_marks_are_ranges_in_order_and_each_holds_a_term(text: str, query: str) -> None:
    wanted = terms(query)
    found = marks(text, wanted)
    at = -1
    for start, end in found:
        assert at < start < end <= len(text)
        at = end
        assert any(term in fold(text[start:end]) for term in wanted)
    assert bool(found) == any(matches((term,), [text]) for term in wanted)


@given(st.text(alphabet="aéßİıœﬁ\u0301\u0308Σςк한한글", max_size=30), st.data())
def test_what_is_copied_from_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    words = fold(text).split()
    if words:
        word = data.draw(st.sampled_from(words))
        assert marks(text, (word,))


@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=50))
def test_how_accents_are_written_does_not_count(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_search_text_is_one_line_of_at_most_8_kib() -> None:
    assert search_text(" One\n\n TWO\tÄ ") == ("one two a", False)
    text, is_cut = search_text("слово " * 4000)
    assert is_cut
    assert 8000 < len(text.encode()) <= 8192
    assert search_text("a\0b \x07 c\ud800") == ("ab c", False)
    assert search_text("x" * 8192) == ("x" * 8192, False)
    assert search_text("x" * 8193) == ("x" * 8192, True)


def test_an_excerpt_is_taken_around_the_first_hit() -> None:
    folded = "word " * 100 + "needle in it " + "word " * 100
    excerpt = around(folded, ("needle",), 60)
    assert "needle in it" in excerpt
    assert len(excerpt) <= 60
    assert not excerpt.startswith("ord")
    assert around(folded, ("absent",)) == ""
