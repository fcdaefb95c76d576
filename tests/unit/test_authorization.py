from datetime import UTC, datetime, timedelta

import pytest

from csms.authorization import AuthorizationStatus, IdTag, authorize, authorize_start, is_same_group

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_an_unknown_tag_is_invalid() -> None:
    assert authorize(None, NOW) is AuthorizationStatus.INVALID
    assert authorize_start(None, NOW, running=0) is AuthorizationStatus.INVALID


@pytest.mark.parametrize(
    ("expiry", "status"),
    [
        (None, AuthorizationStatus.ACCEPTED),
        (NOW + timedelta(seconds=1), AuthorizationStatus.ACCEPTED),
        (NOW, AuthorizationStatus.EXPIRED),
    ],
)
def test_a_tag_expires_at_its_expiry_date(expiry: datetime | None, status: AuthorizationStatus) -> None:
    assert authorize(IdTag("T", expiry_date=expiry), NOW) is status


def test_a_blocked_tag_is_blocked_even_when_expired() -> None:
    assert authorize(IdTag("T", AuthorizationStatus.BLOCKED, NOW), NOW) is AuthorizationStatus.BLOCKED


@pytest.mark.parametrize(
    ("running", "most", "status"),
    [
        (0, 1, AuthorizationStatus.ACCEPTED),
        (1, 1, AuthorizationStatus.CONCURRENT_TX),
        (1, 2, AuthorizationStatus.ACCEPTED),
        (99, None, AuthorizationStatus.ACCEPTED),
    ],
)
def test_a_start_beyond_the_allowed_number_is_concurrent(
    running: int, most: int | None, status: AuthorizationStatus
) -> None:
    assert authorize_start(IdTag("T", max_active_transactions=most), NOW, running) is status


def test_a_blocked_tag_is_not_called_concurrent() -> None:
    assert authorize_start(IdTag("T", AuthorizationStatus.BLOCKED), NOW, 5) is AuthorizationStatus.BLOCKED


def test_tags_without_a_parent_are_in_no_group() -> None:
    assert not is_same_group(None, None)
    assert is_same_group("Family", "FAMILY")
