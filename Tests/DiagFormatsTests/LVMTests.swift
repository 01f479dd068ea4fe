import DiagModel
import Testing

@testable import DiagFormats

@Suite struct LVMTests {
    static func group(_ name: String = "vg_diag") throws -> LVMVolumeGroup {
        let bytes = try StorageFixture.bytes("lvm/\(name).txt")
        return try LVMVolumeGroup(parsing: bytes.span)
    }

    /// The rows of a report of LVM.
    static func report(_ file: String, _ name: String) throws -> [JSONValue] {
        let report = try StorageFixture.json("lvm/\(file).json")["report"]
        guard case .array(let reports)? = report, case .array(let rows)? = reports.first?[name]
        else { return [] }
        return rows
    }

    @Test("The label and the header of a real physical volume")
    func label() throws {
        let head = try StorageFixture.bytes("lvm/pv-head.bin")
        let label = try LVMLabel(parsing: head.span)
        #expect(label.uuid == "aAaAaA-0001-aaaa-bbbb-cccc-dddd-eeee01")
        #expect(label.sector == 1 && label.type == "LVM2 001" && label.isChecksumValid)
        #expect(label.deviceByteCount == 256 << 20)
        #expect(label.dataAreas == [.init(offset: 1 << 20, byteCount: 0)])
        #expect(label.metadataAreas == [.init(offset: 4096, byteCount: 1_044_480)])
        #expect(label.extensionVersion == 2 && label.isInUse == true)
        #expect(label.bootloaderAreas == [])
        let second = try StorageFixture.bytes("lvm/pv-bootloader-area.bin")
        let other = try LVMLabel(parsing: second.span)
        #expect(other.bootloaderAreas == [.init(offset: 1 << 20, byteCount: 1 << 20)])
        #expect(other.dataAreas == [.init(offset: 2 << 20, byteCount: 0)])
        #expect(other.isInUse == false)
    }

    @Test("The head of a real metadata area leads to a text with the right checksum")
    func area() throws {
        let head = try StorageFixture.bytes("lvm/pv-head.bin")
        let area = try LVMMetadataArea(parsing: head.span.extracting(4096..<4608))
        #expect(area.isChecksumValid && area.version == 1)
        #expect(area.offset == 4096 && area.byteCount == 1_044_480)
        #expect(
            area.locations == [
                .init(offset: 6144, byteCount: 11822, checksum: 0x5187_F93F, isIgnored: false)
            ])
        #expect(area.textRegions.map(\.offset) == [10240] && area.textRegions[0].count == 11822)
        var text = try StorageFixture.bytes("lvm/vg_diag.txt")
        #expect(area.isValid(text: text))
        text[100] ^= 1
        #expect(!area.isValid(text: text))
    }

    /// A device as LVM leaves it, with the text at `place` of its ring.
    static func device(textAt place: Int) throws -> FileSystemSource {
        let head = try StorageFixture.bytes("lvm/pv-head.bin")
        let text = try StorageFixture.bytes("lvm/vg_diag.txt")
        var image = head + [UInt8](repeating: 0, count: (1 << 20) - head.count)
        for (index, byte) in text.enumerated() {
            let offset = place + index
            image[4096 + (offset < 1_044_480 ? offset : offset - 1_044_480 + 512)] = byte
        }
        for index in 0..<8 { image[4136 + index] = UInt8(place >> (8 * index) & 0xFF) }
        let sum = LVMChecksum.of(Array(image[4100..<4608]))
        for index in 0..<4 { image[4096 + index] = UInt8(sum >> (8 * UInt32(index)) & 0xFF) }
        return FileSystemSource { offset, count in
            let start = Int(offset)
            guard start + count <= image.count else { return nil }
            return Array(image[start..<(start + count)])
        }
    }

    @Test(
        "A text is read whole wherever it lies in the ring",
        arguments: [512, 6144, 1_044_480 - 11822, 1_044_480 - 1, 1_044_480 - 512, 1_040_000])
    func ring(place: Int) throws {
        let device = try Self.device(textAt: place)
        let read = try #require(LVMPhysicalVolumeMetadata.read(device))
        let text = try StorageFixture.bytes("lvm/vg_diag.txt")
        #expect(read.text == text)
        #expect(read.metadata.isTextChecksumValid == true)
        #expect(
            read.metadata.facts == [
                "lvmPhysicalVolumeUUID": "aAaAaA-0001-aaaa-bbbb-cccc-dddd-eeee01",
                "lvmDeviceByteCount": 268_435_456, "isLVMLabelChecksumValid": true,
                "lvmMetadataAreaCount": 1, "lvmVolumeGroup": "vg_diag",
                "lvmVolumeGroupUUID": "jAyyO6-V1wU-a1dK-8al3-cta1-nTiH-OgiKMw", "lvmSeqno": 4,
                "isLVMMetadataChecksumValid": true,
            ])
    }

    @Test("A physical volume without a group has a label and no text")
    func withoutGroup() throws {
        let head = try StorageFixture.bytes("lvm/pv-bootloader-area.bin")
        let source = FileSystemSource { offset, count in
            offset + UInt64(count) <= UInt64(head.count)
                ? Array(head[Int(offset)..<(Int(offset) + count)]) : nil
        }
        let read = try #require(LVMPhysicalVolumeMetadata.read(source))
        #expect(read.text == nil && read.metadata.volumeGroup == nil)
        #expect(read.metadata.facts["lvmVolumeGroup"] == nil)
    }

    @Test("A volume group has the values that vgs gives")
    func volumeGroup() throws {
        let group = try Self.group()
        let rows = try Self.report("vgs", "vg")
        let row = try #require(rows.first)
        let snapshotCount = group.logicalVolumes.count {
            group.snapshot(storedIn: $0.name) != nil
        }
        let ours: [String: String] = [
            "vg_name": group.name, "vg_uuid": group.id, "vg_size": "\(group.byteCount)",
            "vg_free": "\(group.freeByteCount)", "vg_extent_size": "\(group.extentByteCount)",
            "vg_extent_count": "\(group.extentCount)", "vg_free_count": "\(group.freeExtentCount)",
            "pv_count": "\(group.physicalVolumes.count)",
            "lv_count": "\(group.visibleLogicalVolumeCount)",
            "snap_count":
                "\(group.logicalVolumes.count { group.snapshot(storedIn: $0.name) != nil })",
            "vg_seqno": "\(group.seqno)", "vg_tags": group.tags.joined(separator: ","),
            "max_lv": "\(group.maximumLogicalVolumes)", "max_pv": "\(group.maximumPhysicalVolumes)",
            "vg_missing_pv_count": "\(group.missingPhysicalVolumeCount)",
        ]
        for (name, value) in ours { #expect(row[name]?.text == value, "\(name)") }
        #expect(group.status == ["RESIZEABLE", "READ", "WRITE"] && !group.isExported)
        #expect(group.creationHost == "vm")
        #expect(group.creationTime?.description == "2026-11-21T19:10:31.000000Z")
    }

    @Test("Physical volumes have the values that pvs gives")
    func physicalVolumes() throws {
        let group = try Self.group()
        let rows = try Self.report("pvs", "pv")
        #expect(rows.count == 3)
        for (volume, row) in zip(group.physicalVolumes, rows) {
            let ours: [String: String?] = [
                "pv_name": volume.deviceHint, "pv_uuid": volume.id,
                "pv_size": "\(volume.byteCount)", "pv_free": "\(volume.freeByteCount)",
                "pv_used": "\(volume.usedByteCount)", "pe_start": "\(volume.firstExtentOffset)",
                "dev_size": volume.deviceByteCount.map { "\($0)" },
                "pv_pe_count": "\(volume.extentCount)",
                "pv_pe_alloc_count": "\(volume.usedExtentCount)",
            ]
            for (name, value) in ours {
                #expect(row[name]?.text == value, "\(volume.name) \(name)")
            }
        }
    }

    @Test("Logical volumes and segments have the values that lvs gives")
    func logicalVolumes() throws {
        let group = try Self.group()
        let rows = try Self.report("lvs", "lv")
        // LVM shows the hidden volume of a snapshot as a part of that snapshot.
        let volumes = group.logicalVolumes.filter { $0.name != "snapshot0" }
        #expect(rows.count == volumes.reduce(0) { $0 + $1.segments.count })
        for volume in volumes {
            let shown = volume.isVisible ? volume.name : "[\(volume.name)]"
            let own = rows.filter { $0["lv_name"]?.text == shown }
            #expect(own.count == volume.segments.count, "\(shown)")
            for (segment, row) in zip(volume.segments, own) {
                let ours = Self.columns(volume, segment, of: group)
                for (name, value) in ours {
                    // lvs writes names of hidden volumes in brackets.
                    let theirs = (row[name]?.text ?? "").filter { $0 != "[" && $0 != "]" }
                    #expect(theirs == value, "\(shown) \(name)")
                }
            }
            #expect(volume.creationTime?.description == "2026-11-21T19:09:08.000000Z")
        }
    }

    /// What lvs shows of a segment.
    static func columns(
        _ volume: LVMLogicalVolume, _ segment: LVMSegment, of group: LVMVolumeGroup
    ) -> [String: String] {
        let snapshot = group.snapshot(storedIn: volume.name)
        func text(_ value: Int64?, none: String) -> String {
            guard let value else { return none }
            return "\(value)"
        }
        var chunk = segment.chunkByteCount
        if chunk == nil { chunk = snapshot?.chunkByteCount }
        if segment.type == "cache" {
            // lvs gives a cache the chunk size of its pool.
            let pool = group.logicalVolumes.first { $0.name == segment.pool }
            chunk = pool?.segments.first?.chunkByteCount
        }
        var origin = segment.origin
        if origin == nil { origin = snapshot?.origin }
        return [
            "lv_uuid": volume.id, "lv_size": "\(volume.byteCount)", "segtype": segment.type,
            "seg_start_pe": "\(segment.startExtent)", "seg_size_pe": "\(segment.extentCount)",
            "stripe_size": text(segment.stripeByteCount, none: "0"),
            "region_size": text(segment.regionByteCount, none: "0"),
            "chunk_size": text(chunk, none: "0"), "origin": origin ?? "",
            "pool_lv": segment.pool ?? "",
            "transaction_id": text(segment.transactionID, none: ""),
            "thin_id": text(segment.deviceID, none: ""),
            "lv_tags": volume.tags.joined(separator: ","), "lv_host": volume.creationHost ?? "",
        ]
    }

    @Test("Segments name what they lie on, whatever their type")
    func segments() throws {
        let group = try Self.group()
        func segment(_ name: String) throws -> LVMSegment {
            try #require(group.logicalVolumes.first { $0.name == name }?.segments.first)
        }
        let striped = try segment("striped").places
        #expect(
            striped == [
                .init(name: "pv0", startExtent: 10), .init(name: "pv1", startExtent: 3),
            ])
        let five = try segment("five")
        #expect(five.metadataVolumes == ["five_rmeta_0", "five_rmeta_1", "five_rmeta_2"])
        #expect(five.places.map(\.name) == ["five_rimage_0", "five_rimage_1", "five_rimage_2"])
        #expect(five.deviceCount == 3)
        let pool = try segment("pool")
        #expect(pool.dataVolume == "pool_tdata" && pool.metadataVolume == "pool_tmeta")
        #expect(pool.settings == ["discards": "passdown", "zero_new_blocks": 1])
        let mirror = try segment("oldmirror")
        let cachePool = try segment("fast_cpool")
        let cache = try segment("wc")
        #expect(mirror.mirrorLog == "oldmirror_mlog")
        #expect(cachePool.settings["cache_mode"] == "writethrough")
        #expect(cache.origin == "wc_wcorig" && cache.pool == "wcfast_cvol")
        #expect(group.snapshot(storedIn: "snap")?.origin == "linear")
        let skipped = try #require(group.logicalVolumes.first { $0.name == "thin1_snap" })
        #expect(skipped.flags == ["ACTIVATION_SKIP"])
    }

    @Test("A volume that was away is marked, and the seqno has grown")
    func missing() throws {
        let group = try Self.group("vg_diag-missing")
        #expect(group.seqno == 5 && group.missingPhysicalVolumeCount == 1)
        #expect(group.physicalVolumes.map(\.isMissing) == [false, false, true])
        #expect(group.freeByteCount == 376 << 20)
    }

    @Test("Values, lists, comments and escapes of the configuration format")
    func configuration() throws {
        let text = """
            # a comment
            a = 1 b=-2	# behind a value
            c = "with \\"marks\\" and \\\\ and {" d = 'single "'
            e = [ 1, "two", [ 3.5, bare/word ], ]
            f { g { h = 0 } i = [] }
            f { j = "later" }
            """
        let bytes = Array(text.utf8)
        let tree = try LVMConfiguration(parsing: bytes.span)
        #expect(tree.integer("a") == 1 && tree.integer("b") == -2)
        #expect(tree.string("c") == #"with "marks" and \ and {"#)
        #expect(tree.string("d") == #"single ""#)
        #expect(
            tree["e"]
                == .list([
                    .integer(1), .string("two"), .list([.number(3.5), .string("bare/word")]),
                ]))
        #expect(tree.sections.map(\.name) == ["f", "f"])
        #expect(tree.sections[0].section.section("g")?.integer("h") == 0)
        #expect(tree.section("f")?.string("j") == "later")
        let cut = Array("a = 1\n\0b = ".utf8)
        let ended = try LVMConfiguration(parsing: cut.span)
        #expect(ended.nodes.count == 1)
    }

    @Test(
        "What is not the format is told with its line",
        arguments: [
            ("a", 1), ("\na {", 2), ("a = ", 1), ("a = \"x", 1), ("a = [1", 1), ("}", 1),
            ("a = [1 2]", 1), ("\n\n= 1", 3), (String(repeating: "a {", count: 40), 1),
            ("a = " + String(repeating: "[", count: 40), 1),
        ])
    func wrong(text: String, line: Int) {
        let bytes = Array(text.utf8)
        do throws(FormatError) {
            _ = try LVMConfiguration(parsing: bytes.span)
            Issue.record("\(text) was taken")
        } catch {
            guard case .unexpected(let found, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(found == line)
        }
    }
}
