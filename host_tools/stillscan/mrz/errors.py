"""The one error of this package."""

from stillscan.errors import InputError


class MrzError(InputError):
    """Text that does not have the shape of an MRZ, or a picture that cannot be loaded.

    The message names what is wrong, never a character of the document.
    """
