"""Remote procedures: Volumes."""
# ruff: noqa: N802 - methods are named as in Modal's protocol

from __future__ import annotations

from collections.abc import AsyncIterator

from grpclib import GRPCError, Status
from modal_proto import api_pb2 as pb

from .cloud import Cloud, Task
from .scheduler import commit
from .volumes import Volume

_BLOCK_BYTES = 8 << 20


class VolumeProcedures:
    """Volumes of version 2."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def VolumeGetOrCreate(
        self, request: pb.VolumeGetOrCreateRequest, task: Task | None
    ) -> pb.VolumeGetOrCreateResponse:
        name = request.deployment_name
        found = next((v for v in self._cloud.volumes.values() if v.name == name), None)
        if found is None:
            folder = self._cloud.options.volume_root / name
            if not request.object_creation_type and not folder.is_dir():
                raise GRPCError(Status.NOT_FOUND, f"Volume '{name}' not found")
            folder.mkdir(exist_ok=True)
            version = request.version or pb.VOLUME_FS_VERSION_V1
            found = Volume(self._cloud.new_id("vo"), name, folder, version)
            self._cloud.volumes[found.id] = found
        return pb.VolumeGetOrCreateResponse(
            volume_id=found.id,
            version=found.version,  # type: ignore[arg-type]
            metadata=volume_metadata(found),
        )

    async def VolumeListFiles2(
        self, request: pb.VolumeListFiles2Request, task: Task | None
    ) -> AsyncIterator[pb.VolumeListFiles2Response]:
        volume = self._cloud.volume(request.volume_id)
        start = volume.locate(request.path)
        if not start.exists():
            raise GRPCError(Status.NOT_FOUND, f"{request.path}: no such file or directory")
        found = (
            [start]
            if start.is_file()
            else start.rglob("*")
            if request.recursive
            else start.iterdir()
        )
        entries = [
            pb.FileEntry(
                path=str(path.relative_to(volume.folder.resolve())),
                type=pb.FileEntry.FILE if path.is_file() else pb.FileEntry.DIRECTORY,
                mtime=int(path.stat().st_mtime),
                size=path.stat().st_size,
            )
            for path in sorted(found)
        ]
        yield pb.VolumeListFiles2Response(entries=entries)

    async def VolumeGetFile2(
        self, request: pb.VolumeGetFile2Request, task: Task | None
    ) -> pb.VolumeGetFile2Response:
        volume = self._cloud.volume(request.volume_id)
        file = volume.locate(request.path)
        if not file.is_file():
            raise GRPCError(Status.NOT_FOUND, f"{request.path}: no such file")
        size = file.stat().st_size
        path = file.relative_to(volume.folder.resolve())
        blocks = (
            (start, min(start + _BLOCK_BYTES, size)) for start in range(0, size, _BLOCK_BYTES)
        )
        base = f"{self._cloud.web_url}/volume/{volume.id}"
        urls = [f"{base}/{start}/{stop}/{path}" for start, stop in blocks]
        return pb.VolumeGetFile2Response(get_urls=urls, size=size, start=0, len=size)

    async def VolumePutFiles2(
        self, request: pb.VolumePutFiles2Request, task: Task | None
    ) -> pb.VolumePutFiles2Response:
        volume = self._cloud.volume(request.volume_id)
        missing = []
        for file_index, file in enumerate(request.files):
            if request.disallow_overwrite_existing_files and volume.locate(file.path).exists():
                raise GRPCError(Status.ALREADY_EXISTS, f"already exists: {file.path}")
            for block_index, block in enumerate(file.blocks):
                key = _block_key(block)
                if key not in self._cloud.blobs:
                    missing.append(
                        pb.VolumePutFiles2Response.MissingBlock(
                            file_index=file_index,
                            block_index=block_index,
                            put_url=f"{self._cloud.web_url}/blob/{key}",
                        )
                    )
        if not missing:
            for file in request.files:
                target = volume.locate(file.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as stream:
                    for index, block in enumerate(file.blocks):
                        stream.seek(index * _BLOCK_BYTES)
                        stream.write(self._cloud.blobs[_block_key(block)])
                    stream.truncate(file.size)  # zeros at the end of a block are not sent
        return pb.VolumePutFiles2Response(missing_blocks=missing)

    async def VolumeCommit(
        self, request: pb.VolumeCommitRequest, task: Task | None
    ) -> pb.VolumeCommitResponse:
        commit(task, request.volume_id, "explicit")
        return pb.VolumeCommitResponse(skip_reload=True)


def volume_metadata(volume: Volume) -> pb.VolumeMetadata:
    """What a client is told of a Volume."""
    created = pb.CreationInfo(created_at=volume.created)
    return pb.VolumeMetadata(version=volume.version, name=volume.name, creation_info=created)  # type: ignore[arg-type]


def _block_key(block: pb.VolumePutFiles2Request.Block) -> str:
    return f"block-{block.contents_sha256.hex()}"
