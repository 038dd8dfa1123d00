"""Making seed assets readable for the service: by their own URL, in a bucket, in a served folder, or from here."""

from studio.publish.base import PublicUrls, Publishable, Publisher, bytes_of
from studio.publish.choice import choose_publisher
from studio.publish.folder import FolderFiles
from studio.publish.loopback import LoopbackFiles
from studio.publish.s3 import S3Files

__all__ = [
    "FolderFiles",
    "LoopbackFiles",
    "PublicUrls",
    "Publishable",
    "Publisher",
    "S3Files",
    "bytes_of",
    "choose_publisher",
]
