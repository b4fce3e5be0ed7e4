"""The documents as a site of pages, by who reads them (``make docs``). Not part of the wheel."""
