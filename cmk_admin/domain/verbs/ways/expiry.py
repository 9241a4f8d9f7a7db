"""No way at all: it is shown so that nobody takes it."""

from cmk_admin.domain.verbs.ways.asked import Asked, Way

NAME = "expiry"
WHY = (
    "An expired key is no revocation: it wraps and encrypts no more, but still unwraps and decrypts "
    "(KVD includes/key-attributes.md)."
)


def way(_asked: Asked) -> Way:
    """Why not."""
    return Way(
        verb="Let the key expire",
        problems=(WHY,),
        survives="Unwrapping and decrypting go on.",
        never_first=True,
    )
