"""Labels: what of texts becomes a term, in several languages, and what never does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.clusters import labels, terms


def told(*groups: list[str]) -> list[tuple[str, ...]]:
    codes = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    return list(terms([text for group in groups for text in group], codes))


OTHER = ["The train to Leeds was late again.", "Which platform does the train leave from?", "A train ticket, please."]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(
            ["My refund has not arrived.", "Where is the refund?", "I want refunds for both orders."], "refund", id="plural"
        ),
        pytest.param(
            ["Hobbs Cafe is open.", "Meet me at Hobbs Cafe", "the Hobbs Cafe was full"], "Hobbs Cafe", id="phrase-as-spelt"
        ),
        pytest.param(["Invoices are due.", "Pay your invoices", "invoices again"], "invoices", id="spelt-small"),
        pytest.param(
            ['call get_user_details {"id": 4}', "call get_user_details", "get_user_details failed"],
            "user details",
            id="snake",
        ),
        pytest.param(["A flight to New York", "New York in May", "is New York far?"], "New York", id="name-with-new"),
        pytest.param(["退款什么时候到账", "我想申请退款", "退款被拒绝了"], "退款", id="chinese"),
        pytest.param(["銀行カードが届かない", "銀行カードを紛失", "銀行カードの再発行"], "銀行カード", id="japanese"),
        pytest.param(["환불 요청합니다", "환불 언제 되나요", "환불 문의"], "환불", id="korean"),
        pytest.param(
            ["Die Rechnung ist nicht da", "Wo ist die Rechnung für den Monat?", "Ich habe die Rechnung bezahlt"],
            "Rechnung",
            id="german",
        ),
        pytest.param(
            ["Je veux annuler la commande", "Pourquoi ma commande est en retard ?", "Où est la commande dans votre système"],
            "commande",
            id="french",
        ),
        pytest.param(["где мой заказ", "мой заказ не пришёл", "отмените заказ"], "заказ", id="russian"),
        pytest.param(["धनवापसी कब मिलेगी", "मुझे धनवापसी चाहिए", "धनवापसी नहीं हुई"], "धनवापसी", id="hindi"),
        pytest.param(["أين استرداد المال", "طلب استرداد", "استرداد لم يصل"], "استرداد", id="arabic"),
    ],
)
def test_the_first_term_is_what_the_texts_are_about(texts: list[str], expected: str) -> None:
    assert told(texts, OTHER)[0][0] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("12345 67.50 2024-05-20", id="numbers"),
        pytest.param("user sofia_kim_7287 booked 4WQ150 e7f3a9c2", id="ids"),
        pytest.param("see https://evil.example/login?next=secret", id="address"),
        pytest.param("www.evil.example/a ftp://evil.example/b ann_evil@evil.example", id="other-addresses"),
        pytest.param("<div class='evil'>user</div><br/>&nbsp;", id="html"),
        pytest.param("deadbeefcafebabe", id="hexadecimal"),
        pytest.param("the and with would that there", id="function-words"),
        pytest.param("well okay thanks really great", id="small-talk"),
        pytest.param("a" * 60, id="endless"),
        pytest.param('{"first_name": 1, "zip": {"brand":2}, \'kind\' : 3}', id="names-of-fields"),
        pytest.param("<b>\x1b[31m\u202e</b> %%% \U0001f600", id="controls"),
    ],
)
def test_what_is_no_term(text: str) -> None:
    found = told([f"ledger {text}"] * 6, OTHER)[0]
    words = {word for term in found for word in term.split()}
    assert "ledger" in words
    assert words <= {"ledger", "user", "booked"}


def test_a_word_of_one_language_is_a_topic_in_another() -> None:
    english = ["The car broke down", "My car needs oil", "A new car is expensive", "Is the car sold?"]
    french = [
        "Je reste car il pleut dans la rue",
        "Il dort car il est tard et nous sommes chez lui",
        "Pas de pluie, car il neige",
    ]
    found = told(english, french)
    assert found[0][0] == "car"
    assert "car" not in found[1]


def test_one_text_alone_makes_no_term() -> None:
    texts = ["spam " * 300] + [f"delivery of parcel {number}" for number in range(12)]
    assert "spam" not in told(texts, OTHER)[0]


def test_capitals_that_few_texts_have_are_ids() -> None:
    texts = ["reservation PUNERT found", "reservation PUNERT"] + ["reservation found"] * 10
    assert told(texts, OTHER)[0] == ("reservation found",) or "PUNERT" not in " ".join(told(texts, OTHER)[0])
    assert "LGBTQ" in " ".join(told(["The LGBTQ group met", "LGBTQ pride", "an LGBTQ march"], OTHER)[0])


def test_noise_tells_which_words_are_common() -> None:
    texts = ["parcel, lost", "parcel: late", "lost: parcel"] + ["parcel"] * 50
    codes = np.array([0] * 3 + [-1] * 50, np.int32)
    assert terms(texts, codes) == (("lost", "parcel"),)


def test_labels_are_one_line_and_none_is_twice() -> None:
    same = ("card", "lost", "stolen", "bank")
    found = labels([(*same, "abroad"), (*same, "phone"), same, same, (), ()])
    assert found == (
        "card · lost · stolen · bank",
        "card · lost · stolen · phone",
        "card · lost · stolen · bank (2)",
        "card · lost · stolen · bank (3)",
        "",
        "",
    )
    assert labels([["x" * 50, "y" * 50]]) == ("x" * 50,)


def test_a_word_and_its_plural_are_one_term() -> None:
    assert "tags" not in (found := told(["tag it", "one tag", "a tag", "all tags"], OTHER)[0]) or "tag" not in found


def test_a_large_cluster_is_told_by_a_sample_of_it() -> None:
    """The first texts say "spam", two thirds of the others "loan": the sample is no stretch and no stride of the rows."""
    texts = ["spam " if row < 500 else "loan due" if row % 3 else "interest due" for row in range(320_000)]
    assert terms(texts, np.zeros(len(texts), np.int32), most=2) == (("loan due", "interest"),)


def test_without_texts_or_clusters_there_is_nothing() -> None:
    assert terms([], np.zeros(0, np.int32)) == ()
    assert terms(["noise"], np.full(1, -1, np.int32)) == ()
    assert told(["", " ", ""], ["!!!", "?"]) == [(), ()]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_any_text_gives_clean_terms(texts: list[str]) -> None:
    for term in told(texts)[0]:
        assert term == " ".join(term.split())
        assert len(term) <= 40
        assert term.isprintable()
