"""How fast, how cheap and how right bngcorr is beside FreeRADIUS and radsecproxy, with the same load in one go."""
