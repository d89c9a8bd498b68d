"""What a journal keeps of an index is for those who may see that index, also when its name is used again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.curation.desk import open_desk
from core.errors import ConfigError
from tests.core.curation.desks import ADA, apply, make_catalog, make_plan, make_records, retire


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        pytest.param("acme", "globex", False, id="another tenant"),
        pytest.param("acme", None, False, id="everybody"),
        pytest.param("acme", "acme", True, id="the same tenant"),
        pytest.param(None, "acme", True, id="what everybody saw"),
    ],
)
def test_a_name_is_not_used_again_by_whom_its_history_is_not_for(
    tmp_path: Path, first: str | None, second: str | None, allowed: bool
) -> None:
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN, tenant=first)
        store.records.put(make_records(2), actor=LOCAL_ADMIN)
        desk = open_desk(store)
        apply(desk, make_plan(desk, *retire(desk, "k0", "k1")))
        catalog.delete("team", actor=LOCAL_ADMIN)
        if not allowed:
            with pytest.raises(ConfigError, match="another tenant's"):
                catalog.create("team", actor=LOCAL_ADMIN, tenant=second)
            return
        again = open_desk(catalog.create("team", actor=LOCAL_ADMIN, tenant=second))
        assert [deed.plan_id for deed in again.history(actor=ADA)] == ["p"]
