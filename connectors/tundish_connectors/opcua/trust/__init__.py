"""Whom we trust and who we are: certificates in folders, and the command that shows and trusts them."""
