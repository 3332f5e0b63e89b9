"""The Eurostat client against answers in every shape that the services are known to give."""

from __future__ import annotations

import gzip
import json

import pytest

from observatory.errors import DataError, PublisherError, UsageError
from observatory.formats import parts
from observatory.sources.eurostat import POLL_SECONDS

WARNING = {
    "warning": {
        "status": 413,
        "label": "ASYNCHRONOUS_RESPONSE. Your request will be treated asynchronously. Please try again later.",
    }
}


# Statistics API


def test_selection_comes_as_json(eurostat, nama):
    client, server, _ = eurostat(lambda asked, n: nama(asked))
    fetched = client.fetch({"table": "nama_10r_3empers", "selection": {"geo": ["ES21", "ES"], "nace_r2": ["J"]}})
    assert (fetched.format, fetched.updated, fetched.notes) == ("jsonstat", nama.updated, ())
    assert server.paths() == ["/statistics/1.0/data/nama_10r_3empers?format=JSON&lang=EN&geo=ES21&geo=ES&nace_r2=J"]
    assert fetched.request == f"GET {server.base}{server.paths()[0]}"


def test_real_answer(eurostat, shared, say, nama):
    body = (shared / "extracts/eurostat/nama_10r_3empers_ES51_2018.json").read_bytes()
    client, _, _ = eurostat(lambda asked, n: say(200, body))
    fetched = client.fetch({"table": "nama_10r_3empers", "selection": {"geo": ["ES51"], "time": "2018"}})
    assert fetched.body == body and fetched.updated


def test_codes_gone_from_an_edition_are_noted(eurostat, nama):
    client, _, _ = eurostat(lambda asked, n: nama(asked))
    fetched = client.fetch({"table": "t", "selection": {"geo": ["ES21", "EU15", "UKI"]}})
    assert fetched.notes == ("geo: no such code in this edition: EU15, UKI",)


def test_codes_are_compared_without_case(eurostat, nama):
    client, _, _ = eurostat(lambda asked, n: nama.document({"geo": ["ES21"]}))
    assert client.fetch({"table": "t", "selection": {"GEO": ["es21"]}}).notes == ()


def test_empty_value_names_the_code_that_does_not_exist(eurostat, nama):
    client, _, _ = eurostat(lambda asked, n: nama(asked))
    with pytest.raises(DataError, match="without a single value: geo has no EU15, UKI"):
        client.fetch({"table": "t", "selection": {"geo": ["EU15", "UKI"], "nace_r2": ["J"]}})


def _mute(nama, query):
    """An API that lists the asked codes even where they do not exist, as positions, with no value."""
    full = nama.document(dict(query))
    if full["value"] or "lastTimePeriod" in query:
        return full
    asked = {k: v for k, v in query.items() if k in nama.codes}
    return {
        **full,
        "value": {},
        "dimension": {
            d: {"category": {"index": {c: n for n, c in enumerate(asked.get(d, nama.codes[d]))}}} for d in nama.codes
        },
    }


def test_empty_value_that_says_nothing_is_searched_dimension_by_dimension(eurostat, nama):
    client, server, _ = eurostat(lambda asked, n: _mute(nama, nama.query(asked)))
    with pytest.raises(DataError, match="nace_r2 has no J62"):
        client.fetch({"table": "t", "selection": {"geo": ["ES21"], "nace_r2": ["J62"], "time": ["2023"]}})
    assert len(server.asked) == 3


def test_two_wrong_codes_are_found_in_the_newest_period(eurostat, nama):
    client, server, _ = eurostat(lambda asked, n: _mute(nama, nama.query(asked)))
    with pytest.raises(DataError, match="geo has no EU15; nace_r2 has no J62"):
        client.fetch({"table": "t", "selection": {"geo": ["EU15"], "nace_r2": ["J62"]}})
    assert len(server.asked) == 4


def test_positions_with_no_data_are_used(eurostat, nama):
    empty = nama.document({"geo": ["ES", "ES21"]})
    empty |= {"value": {}, "extension": {"positions-with-no-data": {"geo": [1], "time": [0, 1], "unit": "x"}}}
    client, server, _ = eurostat(lambda asked, n: empty)
    with pytest.raises(DataError, match="geo has no ES21"):
        client.fetch({"table": "t", "selection": {"geo": ["ES", "ES21"]}})
    assert len(server.asked) == 1


def test_empty_value_without_a_culprit_says_so(eurostat, nama):
    nothing = {**nama.document({"geo": ["ES21"]}), "value": {}}
    client, server, _ = eurostat(lambda asked, n: nothing)
    with pytest.raises(DataError, match="no data for this combination of geo"):
        client.fetch({"table": "t", "selection": {"geo": ["ES21"]}})
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "queued", [(WARNING, 200), ({"error": [WARNING["warning"]]}, 413), ({"error": WARNING["warning"]}, 413)]
)
def test_queued_answers_in_both_shapes_are_asked_again(eurostat, queued, nama):
    client, server, made = eurostat(lambda asked, n: queued if n < 3 else nama(asked))
    assert client.fetch({"table": "t", "selection": {"geo": ["ES"]}}).format == "jsonstat"
    assert made.slept == [2.0, 3.0, 5.0] and len(set(server.paths())) == 1


def test_queued_for_ever_ends(eurostat):
    client, _, made = eurostat(lambda asked, n: WARNING)
    with pytest.raises(PublisherError, match="still being extracted after"):
        client.fetch({"table": "t", "selection": {"geo": ["ES"]}})
    assert tuple(made.slept) == POLL_SECONDS and 500 < sum(made.slept) < 1200


@pytest.mark.parametrize(
    ("document", "status", "said", "remedy"),
    [
        (
            {"error": [{"status": 404, "id": 100, "label": "ERR_NOT_FOUND_4"}]},
            404,
            "ERR_NOT_FOUND_4",
            "replaced",
        ),
        (
            {"error": {"status": 400, "id": 150, "label": "bad dimension"}},
            400,
            "bad dimension .*150",
            "dimensions",
        ),
        (
            {"error": [{"status": 413, "label": "EXTRACTION_TOO_BIG: 9"}]},
            413,
            "EXTRACTION_TOO_BIG",
            "fewer codes",
        ),
        ({"error": [{"status": 400, "label": "in disguise"}]}, 200, "in disguise", ""),
        ({"class": "collection"}, 200, "expected a JSON-stat answer", ""),
    ],
)
def test_refusals(eurostat, document, status, said, remedy):
    client, server, _ = eurostat(lambda asked, n: (document, status))
    with pytest.raises(PublisherError, match=said) as error:
        client.fetch({"table": "t", "selection": {"geo": ["ES"]}})
    assert remedy in error.value.remedy and len(server.asked) == 1


def test_too_many_categories_are_asked_for_by_fifties(eurostat, nama):
    def answer(asked, n):
        query = nama.query(asked)
        if any(len(codes) > 50 for codes in query.values()):
            return {"error": [{"status": 416, "label": "Too many categories. Maximum is 50"}]}, 416
        return nama.document(query)

    client, server, _ = eurostat(answer)
    wanted = nama.codes["geo"][:110]
    fetched = client.fetch({"table": "t", "selection": {"geo": wanted, "nace_r2": ["J"]}})
    assert fetched.format == "jsonstat_parts" and len(server.asked) == 4
    table = parts.read(fetched.body, name="t")
    assert table.column("geo").to_pylist()[::2] == wanted and table.num_rows == 220


def test_too_many_categories_that_cannot_be_divided(eurostat):
    client, server, _ = eurostat(lambda asked, n: ({"error": "Maximum is 50"}, 416))
    with pytest.raises(PublisherError, match="too many codes for one request"):
        client.fetch({"table": "t", "selection": {"geo": ["ES"]}})
    assert len(server.asked) == 1


def test_updated_while_its_parts_were_fetched(eurostat, nama):
    def answer(asked, n):
        if n == 0:
            return {"error": "Maximum is 50"}, 416
        return nama(asked, updated=f"2026-07-0{n}T23:00:00+0200")

    client, _, _ = eurostat(answer)
    with pytest.raises(DataError, match="updated while"):
        client.fetch({"table": "t", "selection": {"geo": nama.codes["geo"][:60]}})


def test_html_is_likely_a_rate_limit(eurostat, say):
    client, _, _ = eurostat(lambda asked, n: say(403, b"<html><title>Denied</title>", Content_Type="text/html"))
    with pytest.raises(PublisherError, match="Denied") as error:
        client.fetch({"table": "t", "selection": {"geo": ["ES"]}})
    assert "rate limit" in error.value.remedy


def test_gzip_without_a_header(eurostat, say, nama):
    def answer(asked, n):
        packed = gzip.compress(json.dumps(nama(asked)).encode())
        return say(200, packed[:-20] if n == 0 else packed)

    client, _, _ = eurostat(answer)
    assert client.fetch({"table": "t", "selection": {"geo": ["ES"]}}).body.startswith(b"{")


def test_stamps_by_one_small_request_each(eurostat, nama):
    def answer(asked, n):
        return ({"error": "gone"}, 404) if "/gone?" in asked.path else nama(asked)

    client, server, _ = eurostat(answer)
    stamps = client.updated(
        [
            {"table": "a"},
            {"table": "b", "selection": {"geo": ["ES21", "ES"], "time": ["2023", "2024"]}},
            {"table": "c", "selection": {"geo": ["ES21"]}, "probe": {"nace_r2": ["J"], "geo": "ES"}},
            {"table": "gone"},
        ]
    )
    assert stamps == {"a": nama.updated, "b": nama.updated, "c": nama.updated, "gone": None}
    assert [path.partition("lang=EN&")[2] for path in server.paths()] == [
        "geo=ES&lastTimePeriod=1",
        "geo=ES21&time=2023",
        "nace_r2=J&geo=ES&lastTimePeriod=1",
        "geo=ES&lastTimePeriod=1",
    ]


@pytest.mark.parametrize(
    "request_",
    [
        {"table": "a/b"},
        {"table": "t", "route": "tsv", "selection": {"geo": ["ES"]}},
        {"table": "t", "route": "xml"},
        {"table": "t", "selection": {"geo": []}},
        {"table": "t", "selection": {"time": [2015]}},
        {"table": "t", "selection": {"geo": ["ES", "ES"]}},
        {"table": "t", "selection": {"format": ["TSV"]}},
        {"table": "t", "selection": "geo"},
        {"table": "t", "language": "es"},
    ],
)
def test_requests_that_cannot_be(eurostat, request_):
    client, server, _ = eurostat(lambda asked, n: b"")
    with pytest.raises(UsageError):
        client.fetch(request_)
    assert server.asked == []
