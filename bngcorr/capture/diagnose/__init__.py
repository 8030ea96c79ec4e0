"""What breaks a subscriber's dual stack, as the wire shows it.

- ``seen``       one frame, decoded once for all; ``client``: whose DHCP message it is
- ``detector``   what a detector is: frames in, faults out; ``detectors``: one kind of trouble a file, all of them pure
- ``kinds``      the closed list of faults, with what each means and what to do
- ``found``      a fault, and all faults of a capture, merged by kind and subject, bounded
- ``copies``     the same event on two interfaces is told once
- ``memory``     what detectors remember, bounded
- ``run``        which detectors there are, and frames through all of them: of captures, or of a live tap
- ``files``      captures through a diagnosis; ``summary``: what was read of them
- ``report``     what was found, as values; ``line``: a frame in one line; ``page``: all of it as one page
"""
