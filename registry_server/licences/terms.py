"""Until when a licence is valid: 30 June of the fiscal year paid for. Pure."""

from datetime import date

from registry_server.clock import fiscal_year_ends_on, fiscal_year_of
from registry_server.errors import FieldProblem

FIRST_FISCAL_YEAR = 2009  # the City Corporation Act and the Pourashava Act are of 2009
YEARS_AHEAD = 1
SOON_DAYS = 60


def first_term_end(fiscal_year: int | None, today: date) -> date:
    """The last valid day of a new licence; None means the present year. Raises FieldProblem."""
    present = fiscal_year_of(today)
    if fiscal_year is not None and not FIRST_FISCAL_YEAR <= fiscal_year <= present + YEARS_AHEAD:
        raise FieldProblem(
            "fiscal_year", "fiscal_year_range", str(fiscal_year), first=str(FIRST_FISCAL_YEAR), last=str(present + YEARS_AHEAD)
        )
    return fiscal_year_ends_on(present if fiscal_year is None else fiscal_year)


def renewed_term_end(valid_until: date, fiscal_year: int, today: date) -> date:
    """The last valid day after a renewal: later than before, and of the present year or the next. Raises FieldProblem."""
    present = fiscal_year_of(today)
    if not present <= fiscal_year <= present + YEARS_AHEAD:
        raise FieldProblem("fiscal_year", "fiscal_year_range", str(fiscal_year), first=str(present), last=str(present + YEARS_AHEAD))
    end = fiscal_year_ends_on(fiscal_year)
    if end <= valid_until:
        raise FieldProblem("fiscal_year", "fiscal_year_paid", str(fiscal_year), until=valid_until.isoformat())
    return end


def years_to_renew(valid_until: date, today: date) -> list[int]:
    """The fiscal years that a renewal may be for, first the nearest."""
    present = fiscal_year_of(today)
    return [year for year in range(present, present + YEARS_AHEAD + 1) if fiscal_year_ends_on(year) > valid_until]
