"""Limits of Amazon S3 Vectors that we enforce and batch by, each with its source.

Sources: M = the service model in boto3 1.44.5; D = AWS user guide, November 2026; P = probes of the real service.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

BUCKET_NAME_MIN: Final = 3  # M
BUCKET_NAME_MAX: Final = 63  # M
INDEX_NAME_MIN: Final = 3  # M
INDEX_NAME_MAX: Final = 63  # M
DIMENSION_MIN: Final = 1  # M
DIMENSION_MAX: Final = 4096  # M
VECTORS_PER_INDEX: Final = 2_000_000_000  # D
INDEXES_PER_BUCKET: Final = 10_000  # D
BUCKETS_PER_ACCOUNT: Final = 10_000  # D

INDEX_MODES: Final = ("CLASSIC", "ENHANCED")  # M
CLASSIC_BUCKETS_BEFORE: Final = datetime(2026, 9, 30, tzinfo=UTC)  # M: no index of a later bucket can be CLASSIC
POLICY_BYTES_MAX: Final = 20_480  # D: the limit of S3's bucket policies

KEY_CHARS_MAX: Final = 1024  # M
KEY_BYTES_MAX: Final = 1024  # P

METADATA_KEYS_MAX: Final = 50  # D
METADATA_KEY_CHARS_MAX: Final = 63  # M, for configured keys
FILTERABLE_BYTES_MAX: Final = 2_048  # D
METADATA_BYTES_MAX: Final = 40_960  # D
NON_FILTERABLE_KEYS_MAX: Final = 10  # M
TEXT_SEARCH_KEYS_MAX: Final = 10  # M
TEXT_SEARCH_LANGUAGES: Final = ("en", "fr", "es", "pt", "it", "de", "nl", "zh", "ja", "ko")  # M

PUT_VECTORS_MAX: Final = 500  # M
DELETE_VECTORS_MAX: Final = 500  # M
GET_VECTORS_MAX: Final = 100  # M
REQUEST_BYTES_MAX: Final = 20_971_520  # V: 20 MiB a request body

LIST_VECTORS_DEFAULT: Final = 500  # D
LIST_VECTORS_MAX: Final = 1_000  # M
LIST_PAGE_BYTES: Final = 1_048_576  # D: a page also stops at 1 MB
LIST_SEGMENTS_MAX: Final = 16  # M
LIST_BUCKETS_MAX: Final = 500  # M
LIST_INDEXES_MAX: Final = 500  # M

TOP_K_MAX: Final = 10_000  # D
QUERY_PAGE_MAX: Final = 100  # D
QUERY_TEXTS_MAX: Final = 10  # M
QUERY_TEXT_CHARS_MAX: Final = 1_024  # M

FILTER_CONSTRAINTS_MAX: Final = 100  # P: each value of $in counts

TAGS_MAX: Final = 50  # D: AWS's usual limit on tags of a resource
TAG_KEY_CHARS_MAX: Final = 128  # M
TAG_VALUE_CHARS_MAX: Final = 256  # M
KMS_KEY_ARN_CHARS_MAX: Final = 2_048  # M

WRITE_REQUESTS_PER_S: Final = 1_000  # D, per index
WRITE_VECTORS_PER_S: Final = 2_500  # D, per index
