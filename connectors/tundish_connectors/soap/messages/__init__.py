"""Envelopes, faults and headers of SOAP 1.1 and 1.2."""
