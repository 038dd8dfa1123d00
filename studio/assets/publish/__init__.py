"""Publishing of seed assets where the service can read them: their own URL, a bucket, a served folder, or this
machine."""

from studio.assets.publish.base import PublicUrls, Publishable, Publisher, bytes_of
from studio.assets.publish.choice import choose_publisher
from studio.assets.publish.folder import FolderFiles
from studio.assets.publish.loopback import LoopbackFiles
from studio.assets.publish.s3 import S3Files

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
