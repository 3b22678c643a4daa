"""A WSDL of the project: its documents, its operations, and data to and from the XML that it describes."""
