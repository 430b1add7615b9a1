"""Network readers that speak LLRP 1.0.1 or 1.1 (Impinj Speedway, Zebra FX, Alien F800, Kathrein, CAEN and others; TCP 5084, TLS 5085).

Sources: EPCglobal "Low Level Reader Protocol" 1.0.1 (13 August 2007) and 1.1 (13 October 2010), section numbers are of 1.0.1; the LTK's
machine definition of both (Apache 2.0) for the numbers of parameters; Impinj "Octane LLRP" for its extensions.
"""
