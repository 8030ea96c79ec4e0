"""What may teach. Nothing that a customer could have made up says anything about other requests."""

from __future__ import annotations

from typing import Final

from bngcorr.model.vocabulary import Outcome

_OWN: Final = Outcome.OWN


def teaches(outcome: Outcome, *, authentic: bool, accepted: bool) -> bool:
    """Whether a request that names its line may be a sighting for other requests.

    `authentic`: it carried a valid Message-Authenticator, or is an Accounting-Request, whose authenticator was checked.
    `accepted`: AAA has accepted this very request. An Access-Request without either could be forged by anybody who can
    send from a BNG's address (RFC 2865 §3: its Request Authenticator is random and proves nothing). A request whose
    identity was inherited teaches nothing: a match must not breed matches.
    """
    return outcome is _OWN and (authentic or accepted)
