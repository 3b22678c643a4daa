"""The service that we are: requests come in, are checked against the WSDL, and answered when they are on disk."""
