"""What one family of BNGs sends: data files, their model, and their compiled form."""

from bngcorr.profiles.catalogue import Catalogue
from bngcorr.profiles.profile import MacCarrier, Profile, Signal

__all__ = ["Catalogue", "MacCarrier", "Profile", "Signal"]
