"""What moto's server of S3 Vectors leaves out, as a table: the contract is held against all the rest of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest

from tests.core.contract.model import Checked, faults_of_response

NO_OPERATION: Final = ("query_vectors", "update_index_mode", "update_metadata_configuration")
# Members that its answers lack.
_NO_MEMBER: Final = re.compile(r"create_(vector_bucket\.vectorBucketArn|index\.indexArn): missing|.*\.creationTime: missing")


class MotoChecked(Checked):
    """A client of moto, whose answers are held against boto3's model but for the members that moto lacks."""

    def __getattr__(self, method: str) -> Any:
        if method in NO_OPERATION:
            pytest.skip(f"moto has no operation {method}")
        call = getattr(self.raw, method)

        def checked(**arguments: Any) -> Any:
            response = call(**arguments)
            assert [fault for fault in faults_of_response(method, response) if not _NO_MEMBER.fullmatch(fault)] == []
            return response

        return checked


_NO_PAGES: Final = "moto answers everything at once: no pages, prefixes, tokens or segments"
_NO_MEMORY: Final = "moto forgets what it was told besides dimension and metric, and says no ARN or time of creation"
_NO_CHECK: Final = "moto does not check this"
_DOUBLES: Final = "moto keeps numbers as they came, not as float32"
_TWICE: Final = "moto makes an index a second time"


@dataclass(frozen=True)
class Gap:
    """A test (Class.test in a class) that moto does not pass: the cases, as patterns by spaces, and why.

    A case is named as pytest names it, less "moto-".
    """

    test: str
    reason: str
    cases: str = "*"

    def covers(self, test: str, case: str) -> bool:
        """Say whether this is what moto does not do."""
        return test == self.test and any(fnmatchcase(case, pattern) for pattern in self.cases.split())


# By file. What is not here must pass, but for what needs an operation of NO_OPERATION.
GAPS: Final[dict[str, tuple[Gap, ...]]] = {
    "test_buckets.py": (
        Gap("TestListing.test_a_token_belongs_to_its_request", _NO_PAGES),
        Gap("TestListing.test_a_wrong_page_size_is_refused", _NO_CHECK, "501"),
        Gap("TestListing.test_pages_hold_each_bucket_once", _NO_PAGES),
        Gap("TestNaming.test_a_bad_arn_is_refused", _NO_CHECK),
        Gap("TestNaming.test_a_missing_bucket_is_not_found", _NO_CHECK, "put_default_mode"),
        Gap("TestNaming.test_not_both", _NO_CHECK),
        Gap("TestNaming.test_one_of_name_and_arn_is_needed", _NO_CHECK),
        Gap("test_a_bad_name_is_refused", _NO_CHECK, "capital hyphen-* dot newline not-ascii slash"),
        Gap("test_a_bucket_says_what_it_is", _NO_MEMORY),
        Gap("test_a_good_name_is_taken", _NO_MEMORY),
    ),
    "test_indexes.py": (
        Gap("TestAddressing.test_a_bad_arn_is_refused", _NO_CHECK),
        Gap("TestAddressing.test_either_arn_or_both_names", _NO_CHECK, "given[012]-get_index given*-delete_index"),
        Gap("TestListing.test_a_token_belongs_to_its_bucket", _NO_PAGES),
        Gap("TestListing.test_a_wrong_page_size_is_refused", _NO_CHECK, "501"),
        Gap("TestListing.test_by_prefix_and_by_arn", _NO_PAGES),
        Gap("test_a_bad_name_is_refused", _NO_CHECK, "64-characters dot-* hyphen-last capital underscore space"),
        Gap("test_a_missing_setting_is_refused", _NO_CHECK, "vectorBucketName"),
        Gap("test_a_name_is_taken_once_per_bucket", _TWICE),
        Gap("test_an_arn_of_another_account_is_not_this_index", _NO_CHECK),
        Gap("test_an_index_says_what_it_is", _NO_MEMORY),
        Gap("test_non_filterable_keys", _NO_MEMORY, "10 11 63-characters 64-characters twice odd-but-legal"),
        Gap("test_the_dimension_at_its_edges", _NO_MEMORY, "4096"),
    ),
    "test_listing.py": (
        Gap("TestTokens.test_a_foreign_token_is_refused", _NO_PAGES),
        Gap("TestTokens.test_every_altered_character_is_noticed", _NO_PAGES),
        Gap("TestTokens.test_of_another_index", _NO_PAGES),
        Gap("TestTokens.test_of_another_segment", _NO_PAGES),
        Gap("TestTokens.test_the_page_size_may_change", _NO_PAGES),
        Gap("test_a_page_stops_at_1_mb", _NO_PAGES),
        Gap("test_a_wrong_page_size_is_refused", _NO_CHECK, "1001"),
        Gap("test_pages_hold_each_record_once", _NO_PAGES),
        Gap("test_segments_part_the_index", _NO_PAGES, "2 3 16"),
        Gap("test_vectors_count_towards_the_1_mb", _NO_PAGES),
        Gap("test_what_stays_is_listed_while_others_come_and_go", _NO_PAGES),
        Gap("test_wrong_segments_are_refused", _NO_CHECK, "17 index-16 index-is-count no-*"),
    ),
    "test_metadata.py": (
        Gap("test_50_keys_and_51", _NO_CHECK),
        Gap("test_a_bad_value_is_refused", _NO_CHECK),
        Gap("test_all_metadata_to_the_last_byte", _NO_CHECK),
        Gap("test_filterable_metadata_to_the_last_byte", _NO_CHECK),
        Gap("test_metadata_is_an_object", _NO_CHECK),
    ),
    "test_modes.py": (
        Gap("TestNewBuckets.test_all_is_enhanced", _NO_MEMORY),
        Gap("TestNewBuckets.test_classic_is_refused", _NO_CHECK),
        Gap("TestPolicies.test_a_bad_policy_is_refused", _NO_CHECK),
    ),
    "test_records.py": (
        Gap("TestBatches.test_a_wrong_batch_is_refused", _NO_CHECK, "one-too-many-*"),
        Gap("test_a_bad_key_is_refused", _NO_CHECK, "*-1025-* *-lone-surrogate"),
        Gap("test_a_bad_vector_fails_the_whole_put", _NO_CHECK, "*-nan *-inf *-over-float32"),
        Gap("test_a_vector_comes_back_as_float32", _DOUBLES, "*-rounded-to-float32 *-smallest *-tiny"),
        Gap("test_a_zero_vector_has_no_cosine", _NO_CHECK),
        Gap("test_the_size_of_a_request", _NO_CHECK),
    ),
    "test_tags.py": (
        Gap("test_bad_tags_are_refused", _NO_CHECK, "*-characters *-markup *-newline *-tab *-51-with-the-first"),
        Gap("test_bad_tags_are_refused_at_creation", _NO_CHECK),
    ),
    "test_text.py": (
        Gap("TestConfiguration.test_11_searchable_keys_are_refused_at_creation", _NO_CHECK),
        Gap("TestConfiguration.test_it_is_active_with_its_language", _NO_MEMORY),
    ),
}
UNUSED: Final = pytest.StashKey[list[str]]()


def skip_gaps(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the cases of the table, each with its reason; keep the patterns that no case of a whole file met."""
    met: set[tuple[str, Gap, str]] = set()
    for item in items:
        if (case := _case(item)) is None:
            continue
        file, test = item.path.name, item.nodeid.partition("::")[2].partition("[")[0].replace("::", ".")
        for gap in GAPS.get(file, ()):
            if gap.covers(test, case):
                met |= {(file, gap, pattern) for pattern in gap.cases.split() if fnmatchcase(case, pattern)}
                item.add_marker(pytest.mark.skip(reason=gap.reason))
    whole = set() if any("::" in arg for arg in config.args) else {item.path.name for item in items}
    rows = ((file, gap, pattern) for file in whole & GAPS.keys() for gap in GAPS[file] for pattern in gap.cases.split())
    config.stash[UNUSED] = sorted(
        f"{file}: {gap.test}[{pattern}]" for file, gap, pattern in rows if (file, gap, pattern) not in met
    )


def _case(item: pytest.Item) -> str | None:
    """Return the name of a case less its client; None where that is another one than moto."""
    callspec = getattr(item, "callspec", None)
    client, _, case = callspec.id.partition("-") if callspec is not None else ("", "", "")
    return case if client == "moto" else None
