"""Remote procedures: images, mounted files and their contents."""
# ruff: noqa: N802 - methods are named as in Modal's protocol

from __future__ import annotations

import hashlib
import sys

from modal_proto import api_pb2 as pb

from .cloud import Cloud, Task


class ImageProcedures:
    """Images are noted, never built."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def ImageGetOrCreate(
        self, request: pb.ImageGetOrCreateRequest, task: Task | None
    ) -> pb.ImageGetOrCreateResponse:
        content = request.image.SerializeToString(deterministic=True)
        image_id = f"im-{hashlib.sha256(content).hexdigest()[:22]}"
        self._cloud.images[image_id] = request.image
        metadata = pb.ImageMetadata(
            image_builder_version=request.builder_version,
            workdir="/root",
            python_version_info=sys.version.split()[0],
        )
        done = pb.GenericResult(status=pb.GenericResult.GENERIC_STATUS_SUCCESS)
        return pb.ImageGetOrCreateResponse(image_id=image_id, result=done, metadata=metadata)

    async def MountBatchedCheckExistence(
        self, request: pb.MountBatchedCheckExistenceRequest, task: Task | None
    ) -> pb.MountBatchedCheckExistenceResponse:
        missing = [key for key in request.sha256_hex_hashes if key not in self._cloud.contents]
        return pb.MountBatchedCheckExistenceResponse(missing_sha256_hex_hashes=missing)

    async def MountPutFile(
        self, request: pb.MountPutFileRequest, task: Task | None
    ) -> pb.MountPutFileResponse:
        if request.WhichOneof("data_oneof") == "data_blob_id":
            self._cloud.contents[request.sha256_hex] = self._cloud.blobs[request.data_blob_id]
        elif request.WhichOneof("data_oneof") == "data":
            self._cloud.contents[request.sha256_hex] = request.data
        return pb.MountPutFileResponse(exists=request.sha256_hex in self._cloud.contents)

    async def MountGetOrCreate(
        self, request: pb.MountGetOrCreateRequest, task: Task | None
    ) -> pb.MountGetOrCreateResponse:
        mount_id = self._cloud.new_id("mo")
        self._cloud.mounts[mount_id] = list(request.files)
        metadata = pb.MountHandleMetadata()
        return pb.MountGetOrCreateResponse(mount_id=mount_id, handle_metadata=metadata)

    async def BlobCreate(self, _: object, task: Task | None) -> pb.BlobCreateResponse:
        blob_id = self._cloud.new_id("bl")
        urls = pb.UploadUrlList(items=[f"{self._cloud.web_url}/blob/{blob_id}"])
        return pb.BlobCreateResponse(blob_id=blob_id, blob_ids=[blob_id], upload_urls=urls)

    async def BlobGet(self, request: pb.BlobGetRequest, task: Task | None) -> pb.BlobGetResponse:
        return pb.BlobGetResponse(download_url=f"{self._cloud.web_url}/blob/{request.blob_id}")
