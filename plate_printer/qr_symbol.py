"""QR symbols as rows of modules. The one door to the qrcode library."""

from enum import IntEnum

import qrcode
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

from plate_printer.errors import DocumentError

MASKS = 8
QUIET_MODULES = 4  # ISO/IEC 18004 §6.3.8: light margin on each side

Modules = tuple[tuple[bool, ...], ...]


class Correction(IntEnum):
    """How much of the symbol may be lost and still be read: Q a quarter, H three tenths."""

    Q = ERROR_CORRECT_Q
    H = ERROR_CORRECT_H


def qr_modules(text: str, correction: Correction, mask: int) -> Modules:
    """The smallest symbol that holds the text, without its quiet zone; True is dark.

    The mask is given, not searched for: every mask reads, and the search takes five times as long as all the rest.
    """
    code = qrcode.QRCode(version=None, error_correction=correction, border=0, mask_pattern=mask % MASKS)
    code.add_data(text, optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        raise DocumentError("QR code", f"a text of {len(text)} letters is longer than any symbol") from None
    return tuple(tuple(bool(module) for module in row) for row in code.modules)
