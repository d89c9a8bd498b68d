"""What moto's server of S3 Vectors leaves out, as a table: the contract is held against all the rest of it."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from tests.core.contract.model import Checked, faults_of_response

_NO_OPERATION: Final = ("query_vectors", "update_index_mode", "update_metadata_configuration")
# Members that its answers lack.
_NO_MEMBER: Final = re.compile(r"create_(vector_bucket\.vectorBucketArn|index\.indexArn): missing|.*\.creationTime: missing")


class MotoChecked(Checked):
    """A client of moto, whose answers are held against boto3's model but for the members that moto lacks."""

    def __getattr__(self, method: str) -> Any:
        if method in _NO_OPERATION:
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

# By file and test: each of its cases runs, and those that fail are expected to, for this reason.
_REASONS: Final[dict[str, dict[str, str]]] = {
    "test_buckets.py": {
        "test_a_bad_arn_is_refused": _NO_CHECK,
        "test_a_bad_name_is_refused": _NO_CHECK,
        "test_a_bucket_says_what_it_is": _NO_MEMORY,
        "test_a_good_name_is_taken": _NO_MEMORY,
        "test_a_missing_bucket_is_not_found": _NO_CHECK,
        "test_a_token_belongs_to_its_request": _NO_PAGES,
        "test_a_wrong_page_size_is_refused": _NO_CHECK,
        "test_not_both": _NO_CHECK,
        "test_one_of_name_and_arn_is_needed": _NO_CHECK,
        "test_pages_hold_each_bucket_once": _NO_PAGES,
    },
    "test_indexes.py": {
        "test_a_bad_arn_is_refused": _NO_CHECK,
        "test_a_bad_name_is_refused": _NO_CHECK,
        "test_a_missing_bucket_is_not_found": _NO_CHECK,
        "test_a_missing_setting_is_refused": _NO_CHECK,
        "test_a_name_is_taken_once_per_bucket": _TWICE,
        "test_a_token_belongs_to_its_bucket": _NO_PAGES,
        "test_a_wrong_page_size_is_refused": _NO_CHECK,
        "test_an_arn_of_another_account_is_not_this_index": _NO_CHECK,
        "test_an_index_says_what_it_is": _NO_MEMORY,
        "test_by_prefix_and_by_arn": _NO_PAGES,
        "test_either_arn_or_both_names": _NO_CHECK,
        "test_non_filterable_keys": _NO_MEMORY,
        "test_the_dimension_at_its_edges": _NO_MEMORY,
        "test_the_dimension_past_its_edges": _NO_CHECK,
    },
    "test_listing.py": {
        "test_a_foreign_token_is_refused": _NO_PAGES,
        "test_a_page_stops_at_1_mb": _NO_PAGES,
        "test_a_wrong_page_size_is_refused": _NO_CHECK,
        "test_every_altered_character_is_noticed": _NO_PAGES,
        "test_of_another_index": _NO_PAGES,
        "test_of_another_segment": _NO_PAGES,
        "test_pages_hold_each_record_once": _NO_PAGES,
        "test_segments_part_the_index": _NO_PAGES,
        "test_the_page_size_may_change": _NO_PAGES,
        "test_vectors_count_towards_the_1_mb": _NO_PAGES,
        "test_what_stays_is_listed_while_others_come_and_go": _NO_PAGES,
        "test_wrong_segments_are_refused": _NO_CHECK,
    },
    "test_metadata.py": {
        "test_50_keys_and_51": _NO_CHECK,
        "test_a_bad_value_is_refused": _NO_CHECK,
        "test_all_metadata_to_the_last_byte": _NO_CHECK,
        "test_filterable_metadata_to_the_last_byte": _NO_CHECK,
        "test_metadata_is_an_object": _NO_CHECK,
    },
    "test_modes.py": {
        "test_a_bad_policy_is_refused": _NO_CHECK,
        "test_all_is_enhanced": _NO_MEMORY,
        "test_classic_is_refused": _NO_CHECK,
    },
    "test_records.py": {
        "test_a_bad_key_is_refused": _NO_CHECK,
        "test_a_bad_vector_fails_the_whole_put": _NO_CHECK,
        "test_a_vector_comes_back_as_float32": _DOUBLES,
        "test_a_wrong_batch_is_refused": _NO_CHECK,
        "test_a_zero_vector_has_no_cosine": _NO_CHECK,
        "test_the_size_of_a_request": _NO_CHECK,
    },
    "test_tags.py": {
        "test_bad_tags_are_refused": _NO_CHECK,
        "test_bad_tags_are_refused_at_creation": _NO_CHECK,
    },
    "test_text.py": {
        "test_11_searchable_keys_are_refused_at_creation": _NO_CHECK,
        "test_it_is_active_with_its_language": _NO_MEMORY,
    },
}


def expect_gaps(items: list[pytest.Item]) -> None:
    """Mark the cases of moto that may fail, each with the reason; one that is not in the table must pass."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or "moto" not in callspec.id.split("-"):
            continue
        reason = _REASONS.get(item.path.name, {}).get(item.originalname)  # type: ignore[attr-defined]
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=False))
