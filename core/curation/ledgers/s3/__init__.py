"""The ledger in a bucket of Amazon S3, one immutable object for each entry.

Below PREFIX/STREAM/: `entries/000000000001.json` and so on, `images/….json` with the images of one entry,
`documents/KIND/….json`, and `lease.json`. It needs the rights s3:ListBucket, s3:ListBucketVersions, s3:GetObject,
s3:PutObject, s3:DeleteObject and s3:DeleteObjectVersion there, and a service that knows conditional writes.
"""

from __future__ import annotations

from core.curation.ledgers.s3.ledger import S3Ledger

__all__ = ["S3Ledger"]
