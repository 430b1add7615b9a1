"""GS1's schemes in an EPC, held against `epcpy`, which nobody here wrote: what we encode it reads, what it encodes we read."""

import re

import pytest
from epcpy.epc_schemes.giai import GIAI, GIAIFilterValue
from epcpy.epc_schemes.gid import GID
from epcpy.epc_schemes.grai import GRAI, GRAIFilterValue
from epcpy.utils.common import ConvertException
from epcpy.utils.parsers import hex_to_tag_encodable, tag_uri_to_tag_encodable
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.epc import Epc, PcWord
from schemas.errors import ContractError
from schemas.tag_data import (
    CHARACTERS,
    FORMS,
    PREFIX_BITS,
    Giai96,
    Giai202,
    Gid96,
    Grai96,
    TagData,
    decode_tag_data,
    find_tag_data,
    parse_pure_identity,
    parse_tag_uri,
)

filters = st.integers(0, 7)


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


prefixes = digits(min(PREFIX_BITS), max(PREFIX_BITS))


@st.composite
def grai_96(draw: st.DrawFn) -> Grai96:
    prefix = draw(prefixes)
    kind = draw(digits(12 - len(prefix), 12 - len(prefix)))
    return Grai96(draw(filters), prefix, kind, draw(st.integers(0, 2**38 - 1)))


@st.composite
def giai_96(draw: st.DrawFn) -> Giai96:
    prefix = draw(prefixes)
    return Giai96(draw(filters), prefix, draw(st.integers(0, 2 ** (82 - PREFIX_BITS[len(prefix)]) - 1)))


@st.composite
def giai_202(draw: st.DrawFn) -> Giai202:
    prefix = draw(prefixes)
    return Giai202(draw(filters), prefix, draw(st.text(sorted(CHARACTERS), min_size=1, max_size=30 - len(prefix))))


gid_96 = st.builds(Gid96, st.integers(0, 2**28 - 1), st.integers(0, 2**24 - 1), st.integers(0, 2**36 - 1))
any_number = st.one_of(grai_96(), giai_96(), giai_202(), gid_96)


def oracle_hex(number: TagData) -> str:
    """What epcpy encodes for the same pure identity and filter."""
    scheme = tag_uri_to_tag_encodable(number.tag_uri)
    if isinstance(number, Gid96):
        assert isinstance(scheme, GID)
        return scheme.hex(binary_coding_scheme=GID.BinaryCodingScheme.GID_96)
    if isinstance(number, Grai96):
        assert isinstance(scheme, GRAI)
        filter_value = GRAIFilterValue(str(number.filter_value))
        return scheme.hex(binary_coding_scheme=GRAI.BinaryCodingScheme.GRAI_96, filter_value=filter_value)
    assert isinstance(scheme, GIAI)
    coding = GIAI.BinaryCodingScheme.GIAI_96 if isinstance(number, Giai96) else GIAI.BinaryCodingScheme.GIAI_202
    return scheme.hex(binary_coding_scheme=coding, filter_value=GIAIFilterValue(str(number.filter_value)))


def is_for_the_oracle(number: TagData) -> bool:
    """What epcpy 0.1.8 cannot do with a GIAI's text: a colon, an escape with a letter at its start or behind another escape, and 30
    characters some of which are escaped, for it counts those as three each.
    """
    if not isinstance(number, Giai202):
        return True
    written = number.pure_identity.rpartition(":giai:")[2].partition(".")[2]
    has_trouble = ":" in written or re.search(r"(^|%[0-9]{2})%[0-9][A-F]", written)
    return not has_trouble and len(number.company_prefix) + len(written) <= 30


def has_type_beside_twelve_digits(epc: Epc) -> bool:
    """Epcpy takes any asset type in the four bits that a GRAI-96 with a prefix of twelve digits leaves; TDS §14.4.3 wants zeros."""
    number = int.from_bytes(epc)
    return epc[0] == Grai96.HEADER and not number >> 82 & 0b111 and bool(number >> 38 & 0b1111)


@given(any_number)
def test_a_number_comes_back_from_its_epc_and_from_its_uri(number: TagData) -> None:
    assert decode_tag_data(number.to_epc()) == number
    assert find_tag_data(number.to_epc()) == number
    assert parse_tag_uri(number.tag_uri) == number


@given(any_number)
def test_what_we_encode_the_oracle_reads(number: TagData) -> None:
    assume(is_for_the_oracle(number))
    assert hex_to_tag_encodable(str(number.to_epc())).epc_uri == number.pure_identity


@given(any_number)
def test_what_the_oracle_encodes_we_read(number: TagData) -> None:
    assume(is_for_the_oracle(number))
    epc = Epc.parse(oracle_hex(number))
    assert decode_tag_data(epc) == number
    assert epc == number.to_epc()


@given(st.sampled_from((0x33, 0x34, 0x35)), st.binary(min_size=11, max_size=11))
def test_any_96_bits_are_read_as_the_oracle_reads_them_or_refused_by_both(header: int, rest: bytes) -> None:
    epc = Epc(bytes((header,)) + rest)
    assume(not has_type_beside_twelve_digits(epc))
    try:
        said = hex_to_tag_encodable(str(epc)).epc_uri
    except ConvertException:
        assert find_tag_data(epc) is None
    else:
        assert decode_tag_data(epc).pure_identity == said
        assert decode_tag_data(epc).to_epc() == epc


@given(st.integers(1, 31).flatmap(lambda words: st.binary(min_size=words * 2, max_size=words * 2)), st.sampled_from((None, *FORMS)))
def test_a_strangers_number_never_fails(data: bytes, header: int | None) -> None:
    epc = Epc(data if header is None else bytes((header,)) + data[1:])
    number = find_tag_data(epc)
    assert number is None or number.to_epc() == epc


@given(any_number)
def test_a_pure_identity_takes_the_shortest_form(number: TagData) -> None:
    back = parse_pure_identity(number.pure_identity, filter_value=getattr(number, "filter_value", 0))
    assert back.pure_identity == number.pure_identity
    assert len(back.to_epc()) <= len(number.to_epc())


@pytest.mark.parametrize(
    ("uri", "form"),
    [
        pytest.param("urn:epc:id:giai:0614141.12345400", Giai96, id="digits"),
        pytest.param("urn:epc:id:giai:0614141.02", Giai202, id="a leading zero does not survive as a number"),
        pytest.param("urn:epc:id:giai:061414.4611686018427387904", Giai202, id="one more than 62 bits hold"),
        pytest.param("urn:epc:id:giai:061414.4611686018427387903", Giai96, id="as much as 62 bits hold"),
        pytest.param("urn:epc:id:giai:0614141.A.B", Giai202, id="a dot in the reference"),
        pytest.param("urn:epc:id:grai:061414113245..0", Grai96, id="a prefix of twelve digits leaves no asset type"),
        pytest.param("urn:epc:id:gid:952056.2718.1414", Gid96, id="general"),
    ],
)
def test_which_form_holds_a_pure_identity(uri: str, form: type[TagData]) -> None:
    number = parse_pure_identity(uri)
    assert isinstance(number, form)
    assert number.pure_identity == uri


# Published: nedap/retail-epcpy tests/epc_schemes, npm epc-tds 1.4.
@pytest.mark.parametrize(
    ("epc", "tag_uri"),
    [
        pytest.param("3434257BF400000000BC6038", "urn:epc:tag:giai-96:1.0614141.12345400", id="GIAI-96"),
        pytest.param("3434257BF400000000000000", "urn:epc:tag:giai-96:1.0614141.0", id="GIAI-96, zero"),
        pytest.param("3814257BF58C1858D7C400000000000000000000000000000000", "urn:epc:tag:giai-202:0.0614141.1ABc%2FD", id="GIAI-202"),
        pytest.param(
            "38380C0E583164CDA356CDDC3960C593368D5B3770E583164CC0",
            "urn:epc:tag:giai-202:1.012345.012345678901234567890123",
            id="GIAI-202, full",
        ),
        pytest.param("33B4257BF40C0E4000000190", "urn:epc:tag:grai-96:5.0614141.12345.400", id="GRAI-96"),
        pytest.param("3300393243FF743FFFFFFFFF", "urn:epc:tag:grai-96:0.061414113245..274877906943", id="GRAI-96, no asset type"),
        pytest.param("3500E86F8000A9E000000586", "urn:epc:tag:gid-96:952056.2718.1414", id="GID-96"),
    ],
)
def test_a_published_number(epc: str, tag_uri: str) -> None:
    assert decode_tag_data(Epc.parse(epc)).tag_uri == tag_uri
    assert str(parse_tag_uri(tag_uri).to_epc()) == epc


@pytest.mark.parametrize(
    ("epc", "says"),
    [
        pytest.param("30751FEB705C5904E3D50D70", "EPC header: expected one of 33 .grai-96.*, found 30", id="goods: another scheme"),
        pytest.param("EB00010000000101AABBCCDD", "EPC header", id="ours"),
        pytest.param("343C257BF400000000BC6038", "giai-96 partition: expected 0 to 6, found 7", id="no such partition"),
        pytest.param("3403FFFFFFFFFC0000000000", "giai-96 company prefix: expected 12 digits", id="prefix over its digits"),
        pytest.param("3434257BF400", "giai-96: expected 24 hex digits, found 12", id="half of it"),
        pytest.param("3300393243FF74C000000000", "grai-96 asset type: expected none beside", id="asset type beside twelve digits"),
        pytest.param("33B4257BF7FFFFC000000190", "grai-96 asset type: expected 5 digits", id="asset type over its digits"),
        pytest.param("3814257BF58C1858D7C400000000000000000000000000000001", "after its last bit: expected zeros", id="a 203rd bit"),
        pytest.param("3814257BF6080840000000000000000000000000000000000000", "zeros behind its end", id="text after its end"),
        pytest.param("3814257BF4000000000000000000000000000000000000000000", "1 to 23 characters", id="no text"),
        pytest.param("3814257BF480000000000000000000000000000000000000000", "even number", id="half a byte"),
    ],
)
def test_a_number_that_breaks_the_rules_is_refused_with_what_was_found(epc: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        decode_tag_data(Epc.parse(epc))


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        pytest.param("urn:epc:id:giai:0614141.1", "expected urn:epc:tag:", id="the other kind of URI"),
        pytest.param("urn:epc:tag:sgtin-96:1.0614141.1.1", "expected one of grai-96", id="another scheme"),
        pytest.param("urn:epc:tag:giai-96:8.0614141.1", "filter: expected 0 to 7, found 8", id="filter"),
        pytest.param("urn:epc:tag:giai-96:1.06141.1", "6 to 12 digits, found '06141'", id="short prefix"),
        pytest.param("urn:epc:tag:giai-96:1.0614141.01", "without leading zeros, found '01'", id="leading zero"),
        pytest.param("urn:epc:tag:giai-96:1.0614141." + "9" * 5000, "at most 24 digits", id="endless"),
        pytest.param("urn:epc:tag:giai-96:1.0614141.x", "a number", id="no number"),
        pytest.param("urn:epc:tag:giai-96:1.0614141.288230376151711744", "asset reference: expected 0 to 288230376151711743", id="too big"),
        pytest.param("urn:epc:tag:giai-202:1.0614141.a/b", "escaped", id="not escaped"),
        pytest.param("urn:epc:tag:giai-202:1.0614141.a%20b", "GS1's alphabet", id="no such character"),
        pytest.param("urn:epc:tag:giai-202:1.0614141." + "a" * 24, "1 to 23 characters", id="too long"),
        pytest.param("urn:epc:tag:grai-96:1.0614141.123.1", "asset type: expected 5 digits, found '123'", id="asset type"),
        pytest.param("urn:epc:tag:gid-96:1.2", "expected 3 parts", id="a part is missing"),
        pytest.param("urn:epc:tag:gid-96:268435456.2.3", "manager: expected 0 to 268435455", id="manager"),
    ],
)
def test_a_uri_that_breaks_the_rules_is_refused_with_what_was_found(uri: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        parse_tag_uri(uri)


def test_a_pure_identity_of_another_scheme_is_refused() -> None:
    with pytest.raises(ContractError, match="expected one of grai, giai, gid, found 'sscc'"):
        parse_pure_identity("urn:epc:id:sscc:0614141.1234567890")


def test_a_number_that_its_pc_word_calls_closed_is_none_of_gs1s() -> None:
    epc = Epc.parse("3434257BF400000000BC6038")
    assert find_tag_data(epc, PcWord.parse("3000")) is not None
    assert find_tag_data(epc, PcWord.parse("31A1")) is None
