"""The only place of this package that asks the time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

DHAKA = ZoneInfo("Asia/Dhaka")


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def dhaka_date(at: datetime) -> date:
    """The calendar day that an instant belongs to in Bangladesh."""
    return at.astimezone(DHAKA).date()


def instants_of(on: date) -> tuple[datetime, datetime]:
    """When a day in Bangladesh begins, and when the next one does."""
    begins_at = datetime.combine(on, time(), DHAKA).astimezone(UTC)
    return begins_at, begins_at + timedelta(days=1)


def fiscal_year_of(on: date) -> int:
    """The year in which the fiscal year of a day began: 1 July – 30 June."""
    return on.year if on.month >= 7 else on.year - 1


def fiscal_year_name(fiscal_year: int) -> str:
    """`2026-27` for the one that began in July 2026."""
    return f"{fiscal_year}-{(fiscal_year + 1) % 100:02d}"


def fiscal_year_ends_on(fiscal_year: int) -> date:
    return date(fiscal_year + 1, 6, 30)
