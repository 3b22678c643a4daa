"""How files are taken out of a watched folder, whatever brings the folder: this machine or a server.

Private: connectors that watch folders share it, and give it their folder as `contract.Folder`.
"""
