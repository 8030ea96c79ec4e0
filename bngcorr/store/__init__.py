"""Where sightings, sessions and hosts live: the contract, a real server behind it, and memory behind it."""
