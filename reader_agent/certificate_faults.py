"""How OpenSSL names what is wrong with a certificate, or with what answers in the place of TLS. Whoever dials finds the words."""

# X509_V_ERR_… of openssl/x509_vfy.h
NOT_YET_VALID, RAN_OUT = 9, 10
NOBODY_VOUCHES = frozenset({2, 18, 19, 20, 21})
OTHER_NAME = frozenset({62, 64})
_NO_TLS_THERE = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH", "RECORD_LAYER", "HTTP_REQUEST")


def speaks_no_tls(error: OSError) -> bool:
    """Whether a handshake failed because the other end answered in another language."""
    return any(sign in str(error) for sign in _NO_TLS_THERE)
