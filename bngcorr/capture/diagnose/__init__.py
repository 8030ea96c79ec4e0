"""What breaks a subscriber's dual stack, as the wire shows it.

- ``seen``       one frame, decoded once for all
- ``detector``   what a detector is: frames in, faults out; one kind of trouble a file, all of them pure
- ``kinds``      the closed list of faults, with what each means and what to do
- ``found``      a fault, and all faults of a capture, merged by kind and subject, bounded
- ``copies``     the same event on two interfaces is told once
- ``run``        which detectors there are, and frames through all of them
"""
