"""RSA key pairs for a new estate. They can be made ahead, while the rest of the sandbox is still being loaded."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from .services.keyvault import keymaterial

# OpenSSL draws without holding the interpreter: two threads take half the time, and loading goes on meanwhile.
_MAKERS = 2
_ahead: deque[Future[str]] = deque()


def make_ahead(count: int) -> None:
    """Begin to make pairs, without waiting for them; `take` hands them out."""
    makers = ThreadPoolExecutor(_MAKERS, "key-pairs")
    _ahead.extend(makers.submit(_make) for _ in range(count))
    makers.shutdown(wait=False)


def take(count: int) -> list[str]:
    """As many fresh pairs of 2048 bits, as PEM; no pair is handed out twice."""
    begun = [_ahead.popleft() for _ in range(min(count, len(_ahead)))]
    with ThreadPoolExecutor(_MAKERS, "key-pairs") as makers:
        begun += [makers.submit(_make) for _ in range(count - len(begun))]
        return [one.result() for one in begun]


def _make() -> str:
    return keymaterial.generate("RSA", size=2048)
