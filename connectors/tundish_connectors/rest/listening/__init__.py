"""The side that is called: an address, who may send, and what is answered."""
