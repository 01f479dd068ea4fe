import Testing

@testable import DiagFormats
@testable import DiagModel

@Suite struct FileSystemSuperblockTests {
    static let names = [
        "btrfs", "erofs", "exfat", "ext2", "ext4", "f2fs", "fat12", "fat16", "iso", "jfs",
        "nilfs2", "ntfs", "reiserfs", "squashfs", "swap", "udf", "vfat", "xfs",
    ]

    @Test("TYPE, VERSION, UUID, LABEL and BLOCK_SIZE are those of blkid", arguments: names)
    func likeBlkid(name: String) throws {
        let truth = try #require(try StorageFixture.json("file-system/blkid.json")[name])
        let file = try #require(
            FileSystemMetadata.identify(try StorageFixture.device(name).source))
        #expect(file.type == truth["TYPE"]?.text)
        #expect(file.uuid == truth["UUID"]?.text)
        #expect(file.label == truth["LABEL"]?.text)
        #expect(file.deviceUUID == truth["UUID_SUB"]?.text)
        // blkid gives no version of NTFS and exFAT's, and no size of some blocks.
        if let version = truth["VERSION"]?.text { #expect(file.version == version) }
        if let size = truth["BLOCK_SIZE"]?.text {
            #expect(file.blockByteCount.map { "\($0)" } == size)
        }
        #expect(file.isChecksumValid != false)
        #expect(file.facts["fileSystemType"] == .string(file.type))
        #expect(file.faults == (name == "ext4" ? ["the superblock records 3 errors"] : []))
    }

    @Test("A part of a document keeps its schema", arguments: names)
    func schema(name: String) throws {
        let file = try #require(
            FileSystemMetadata.identify(try StorageFixture.device(name).source))
        let schema = try JSONTextReader.parse(
            Array(
                """
                {"$defs": {\(PublishedSchema.commonDefinitions), \(PublishedSchema.factDefinitions),
                 \(PublishedSchema.superblockDefinitions)}}
                """.utf8))
        let value = try JSONTextReader.parse(JSONDocument.encode(file, layout: .document))
        #expect(
            JSONSchemaValidator(schema).errors(in: value, definition: "superblock", limit: 9) == [])
    }

    @Test("The sizes of the file systems are those that they were made with")
    func sizes() throws {
        let sizes: [String: UInt64] = [
            "ext4": 64 << 20, "ext2": 16 << 20, "btrfs": 512 << 20, "exfat": 64 << 20,
            "xfs": 512 << 20 - 64 << 20, "vfat": 64 << 20, "fat12": 4 << 20, "fat16": 64 << 20,
            "swap": 16_773_120, "nilfs2": 256 << 20,
        ]
        for (name, size) in sizes {
            let file = FileSystemMetadata.identify(try StorageFixture.device(name).source)
            #expect(file?.byteCount == size, "\(name)")
        }
    }

    @Test("An ext4 superblock says what dumpe2fs says")
    func ext4() throws {
        let device = try StorageFixture.device("ext4")
        let bytes = device.bytes(ExtSuperblock.region)
        let block = try ExtSuperblock(parsing: bytes.span)
        #expect(
            block.features.joined(separator: " ")
                == "has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg "
                + "sparse_super large_file huge_file dir_nlink extra_isize metadata_csum")
        #expect(block.state == "clean with errors" && block.errorsBehavior == "continue")
        #expect(block.inodeCount == 16384 && block.freeInodeCount == 16373)
        #expect(block.blockCount == 65536 && block.freeBlockCount == 56023)
        #expect(block.reservedBlockCount == 3276 && block.blocksPerGroup == 8192)
        #expect(block.blockByteCount == 1024 && block.inodeByteCount == 256)
        #expect(block.mountCount == 7 && block.maximumMountCount == 20)
        #expect(block.lastMountedOn == "/srv/data" && block.lastMounted == nil)
        #expect(block.created?.description == "2026-11-21T19:08:44.000000Z")
        #expect(block.lifetimeWriteKibibytes == 279 && block.journalInode == 8)
        #expect(block.checksumType == "crc32c" && block.isChecksumValid == true)
        #expect(block.errorCount == 3)
        #expect(
            block.firstError
                == .init(
                    time: Timestamp("2026-11-10T08:09:10.000000Z"), function: "ext4_lookup",
                    line: 1850, inode: 1234, block: 0, code: 0))
        #expect(
            block.lastError
                == .init(
                    time: Timestamp("2026-11-11T10:11:12.000000Z"),
                    function: "ext4_validate_block_bitmap", line: 376, inode: 0, block: 98765,
                    code: 0))
    }

    @Test("ext4's flat facts")
    func facts() throws {
        let file = FileSystemMetadata.identify(try StorageFixture.device("ext4").source)
        #expect(file?.facts["uuid"] == "6f1c9f8e-1111-4222-8333-444455556666")
        #expect(file?.facts["fileSystemState"] == "clean with errors")
        #expect(file?.facts["errorCount"] == 3)
        #expect(file?.facts["lastErrorTime"] == "2026-11-11T10:11:12.000000Z")
        #expect(file?.facts["lastErrorFunction"] == "ext4_validate_block_bitmap")
    }

    @Test("An XFS superblock says what xfs_info says")
    func xfs() throws {
        let device = try StorageFixture.device("xfs")
        let bytes = device.bytes((0, 512))
        let block = try XFSSuperblock(parsing: bytes.span)
        #expect(block.version == 5 && block.inodeByteCount == 512 && block.blockByteCount == 4096)
        #expect(block.allocationGroupCount == 4 && block.allocationGroupBlockCount == 32768)
        #expect(block.dataBlockCount == 131072 && block.logBlockCount == 16384)
        #expect(block.isLogInternal && block.sectorByteCount == 512 && !block.needsRepair)
        #expect(block.inodeCount == 64 && block.freeInodeCount == 61)
        #expect(block.freeDataBlockCount == 114656 && block.isChecksumValid == true)
        #expect(
            block.features == [
                "crc", "finobt", "reflink", "inobtcount", "ftype", "sparse", "bigtime",
            ])
    }

    @Test("A btrfs superblock and its copy say what dump-super says")
    func btrfs() throws {
        let device = try StorageFixture.device("btrfs")
        let bytes = device.bytes(BtrfsSuperblock.region)
        let block = try BtrfsSuperblock(parsing: bytes.span)
        #expect(block.generation == 6 && block.totalByteCount == 536_870_912)
        #expect(block.usedByteCount == 147456 && block.deviceCount == 1 && block.deviceID == 1)
        #expect(block.nodeByteCount == 16384 && block.sectorByteCount == 4096)
        #expect(block.deviceByteCount == 536_870_912 && block.deviceUsedByteCount == 92_274_688)
        #expect(block.checksumType == "crc32c" && block.isChecksumValid == true)
        #expect(
            block.features == [
                "mixed_backref", "extended_iref", "skinny_metadata", "no_holes",
                "free_space_tree", "free_space_tree_valid",
            ])
        let file = FileSystemMetadata.identify(device.source)
        #expect(file?.btrfsMirrors?.map(\.offset) == [64 << 20])
        #expect(file?.btrfsMirrors?.first?.isChecksumValid == true)
    }

    @Test("A damaged superblock is told by its checksum", arguments: ["ext4", "xfs", "btrfs"])
    func damaged(name: String) throws {
        var device = try StorageFixture.device(name)
        let offset: UInt64 = name == "ext4" ? 1024 : name == "xfs" ? 0 : 65536
        device.blocks[offset]?[110] ^= 1
        let file = FileSystemMetadata.identify(device.source)
        #expect(file?.isChecksumValid == false)
        #expect(file?.faults.contains("the checksum of the superblock is wrong") == true)
    }

    @Test("A hibernated system's memory in a swap area is told")
    func hibernated() throws {
        var device = try StorageFixture.device("swap")
        for (index, byte) in "S1SUSPEND\0".utf8.enumerated() {
            device.blocks[3584]?[4086 - 3584 + index] = byte
        }
        let file = try #require(FileSystemMetadata.identify(device.source))
        #expect(file.type == "swsuspend" && file.label == "diag-swap")
        #expect(file.swap?.holdsHibernationImage == true)
    }

    @Test("ext3 is known by its journal alone, and a journal device as such")
    func extTypes() {
        #expect(ExtFeatures.type(compatible: 4, incompatible: 2, readOnly: 3, flags: 0) == "ext3")
        #expect(ExtFeatures.type(compatible: 0, incompatible: 8, readOnly: 0, flags: 0) == "jbd")
        #expect(
            ExtFeatures.type(compatible: 4, incompatible: 0x40, readOnly: 0, flags: 4)
                == "ext4dev")
    }

    @Test("On a device of zeros, and on one that cannot be read, nothing is found")
    func nothing() {
        #expect(FileSystemMetadata.identify(SparseDevice(blocks: [:]).source) == nil)
        #expect(FileSystemMetadata.identify(FileSystemSource { _, _ in nil }) == nil)
        #expect(LVMPhysicalVolumeMetadata.read(SparseDevice(blocks: [:]).source) == nil)
    }
}
