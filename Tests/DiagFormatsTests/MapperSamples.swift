import DiagFormats

/// Lines in the formats of the kernel's documentation and sources, with invented numbers, and
/// answers of the device mapper built from the specification.
///
/// Source: Documentation/admin-guide/device-mapper/*.rst, drivers/md/dm-*.c and
/// linux/dm-ioctl.h of Linux 6.12.
enum MapperSamples {
    /// 64 bytes that must never be seen.
    static let key = String(repeating: "deadbeef", count: 16)

    static let tables: [(line: String, value: String)] = [
        ("0 2048 linear 8:16 384", #"{"linear": {"device": "8:16", "offsetSectors": 384}}"#),
        (
            "0 1024 striped 2 128 8:16 2048 8:32 2048",
            #"""
            {"striped": {"chunkSectors": 128, "stripes": [{"device": "8:16", "offsetSectors": 2048},
             {"device": "8:32", "offsetSectors": 2048}]}}
            """#
        ),
        (
            "0 16384 mirror disk 2 253:2 1024 2 253:3 0 253:4 0 1 handle_errors",
            #"""
            {"mirror": {"log": "disk", "logArguments": ["253:2", "1024"], "legs":
             [{"device": "253:3", "offsetSectors": 0}, {"device": "253:4", "offsetSectors": 0}],
             "features": ["handle_errors"]}}
            """#
        ),
        (
            "0 2097152 snapshot 253:5 253:6 P 8",
            #"""
            {"snapshot": {"originDevice": "253:5", "copyOnWriteDevice": "253:6", "persistence": "P",
             "chunkSectors": 8, "features": []}}
            """#
        ),
        (
            "0 2097152 snapshot-origin 253:5",
            #"{"snapshot": {"originDevice": "253:5", "features": []}}"#
        ),
        (
            "0 20971520 thin-pool 253:2 253:3 128 32768 1 skip_block_zeroing",
            #"""
            {"thinPool": {"metadataDevice": "253:2", "dataDevice": "253:3", "dataBlockSectors": 128,
             "lowWaterMarkBlocks": 32768, "features": ["skip_block_zeroing"]}}
            """#
        ),
        (
            "0 2097152 thin 253:4 7", #"{"thin": {"poolDevice": "253:4", "deviceID": 7}}"#
        ),
        (
            "0 41943040 cache 253:1 253:0 253:2 512 1 writeback smq 2 migration_threshold 2048",
            #"""
            {"cache": {"metadataDevice": "253:1", "cacheDevice": "253:0", "originDevice": "253:2",
             "blockSectors": 512, "features": ["writeback"], "policy": "smq",
             "policyArguments": ["migration_threshold", "2048"]}}
            """#
        ),
        (
            "0 41943040 writecache s 253:1 253:0 4096 2 high_watermark 70",
            #"""
            {"writeCache": {"cacheKind": "s", "originDevice": "253:1", "cacheDevice": "253:0",
             "blockByteCount": 4096, "options": ["high_watermark", "70"]}}
            """#
        ),
        (
            "0 1960893648 raid raid4 4 2048 sync min_recovery_rate 20 2 8:17 8:18 - 8:34",
            #"""
            {"raid": {"level": "raid4", "chunkSectors": 2048, "parameters":
             ["sync", "min_recovery_rate", "20"], "members": [{"metadataDevice": "8:17",
             "dataDevice": "8:18"}, {"dataDevice": "8:34"}]}}
            """#
        ),
        (
            "0 417792 crypt aes-xts-plain64 \(key) 0 8:3 4096 2 allow_discards sector_size:4096",
            #"""
            {"crypt": {"cipher": "aes-xts-plain64", "key": "[64-byte-key]",
             "initialVectorOffset": 0, "device": "8:3", "offsetSectors": 4096,
             "options": ["allow_discards", "sector_size:4096"]}}
            """#
        ),
        (
            "0 417792 crypt aes-xts-plain64 :64:logon:cryptsetup:deadbeef-d0 0 8:3 32768",
            #"""
            {"crypt": {"cipher": "aes-xts-plain64", "key": ":64:logon:[masked]",
             "initialVectorOffset": 0, "device": "8:3", "offsetSectors": 32768, "options": []}}
            """#
        ),
        (
            "0 8192 integrity 8:3 0 32 J 4 block_size:4096 internal_hash:hmac(sha256):\(key)"
                + " journal_crypt:xts(aes):\(key) journal_mac:hmac(sha256):\(key)",
            #"""
            {"integrity": {"device": "8:3", "reservedSectors": 0, "tagByteCount": "32", "mode": "J",
             "options": ["block_size:4096", "internal_hash:hmac(sha256):[64-byte-key]",
             "journal_crypt:xts(aes):[64-byte-key]", "journal_mac:hmac(sha256):[64-byte-key]"]}}
            """#
        ),
        (
            "0 2097152 verity 1 253:1 253:2 4096 4096 262144 1 sha256 \(key) \(key) 3"
                + " restart_on_corruption root_hash_sig_key_desc deadbeef",
            #"""
            {"verity": {"version": 1, "dataDevice": "253:1", "hashDevice": "253:2",
             "dataBlockByteCount": 4096, "hashBlockByteCount": 4096, "dataBlockCount": 262144,
             "hashStartBlock": 1, "algorithm": "sha256", "options":
             ["restart_on_corruption", "root_hash_sig_key_desc", "[4-byte-key]"]}}
            """#
        ),
        (
            "0 2097152 multipath 2 queue_if_no_path retain_attached_hw_handler 1 alua 2 1"
                + " service-time 0 1 2 8:16 1 1 service-time 0 2 2 8:32 1 1 8:48 1 1",
            #"""
            {"multipath": {"features": ["queue_if_no_path", "retain_attached_hw_handler"],
             "hardwareHandler": ["alua"], "initialGroup": 1, "groups": [
             {"selector": "service-time", "selectorArguments": [], "paths":
              [{"device": "8:16", "selectorArguments": ["1", "1"]}]},
             {"selector": "service-time", "selectorArguments": [], "paths":
              [{"device": "8:32", "selectorArguments": ["1", "1"]},
               {"device": "8:48", "selectorArguments": ["1", "1"]}]}]}}
            """#
        ),
        (
            "0 2097152 vdo V4 /dev/dm-1 262144 4096 32768 16380 deduplication on",
            #"""
            {"vdo": {"version": "V4", "storageDevice": "/dev/dm-1", "storageBlockCount": 262144,
             "parameters": ["4096", "32768", "16380", "deduplication", "on"]}}
            """#
        ),
        (
            "0 2048 delay 8:16 0 0 8:16 0 400",
            #"""
            {"delay": {"segments": [{"device": "8:16", "offsetSectors": 0},
             {"device": "8:16", "offsetSectors": 0}], "delayMilliseconds": [0, 400]}}
            """#
        ),
        (
            "0 2048 flakey 8:16 0 5 3 1 drop_writes",
            #"""
            {"flakey": {"segment": {"device": "8:16", "offsetSectors": 0}, "upSeconds": 5,
             "downSeconds": 3, "features": ["drop_writes"]}}
            """#
        ),
        (
            "0 4192256 era 253:3 253:4 2048",
            #"""
            {"era": {"metadataDevice": "253:3", "originDevice": "253:4", "blockSectors": 2048}}
            """#
        ),
        (
            "0 1048576 clone 253:1 253:2 8:16 8 1 no_hydration",
            #"""
            {"clone": {"metadataDevice": "253:1", "destinationDevice": "253:2",
             "sourceDevice": "8:16", "regionSectors": 8, "features": ["no_hydration"]}}
            """#
        ),
    ]

    static let statuses: [(line: String, value: String)] = [
        (
            "0 1024 striped 2 8:16 8:32 1 AD",
            #"{"striped": {"devices": ["8:16", "8:32"], "health": "AD"}}"#
        ),
        (
            "0 16384 mirror 2 253:3 253:4 13/16 1 AD 3 disk 253:2 A",
            #"""
            {"mirror": {"devices": ["253:3", "253:4"], "regions": {"used": 13, "total": 16},
             "health": "AD", "log": ["disk", "253:2", "A"]}}
            """#
        ),
        (
            "0 2097152 snapshot 397896/2097152 1560",
            #"""
            {"snapshot": {"state": "valid", "sectors": {"used": 397896, "total": 2097152},
             "metadataSectors": 1560}}
            """#
        ),
        ("0 2097152 snapshot Invalid", #"{"snapshot": {"state": "invalid"}}"#),
        ("0 2097152 snapshot Overflow", #"{"snapshot": {"state": "overflow"}}"#),
        ("0 2097152 snapshot-merge Merge failed", #"{"snapshot": {"state": "merge failed"}}"#),
        (
            "0 20971520 thin-pool 12 345/4161600 9120/10000 - rw discard_passdown"
                + " queue_if_no_space - 1024",
            #"""
            {"thinPool": {"mode": "rw", "transactionID": 12, "metadataBlocks": {"used": 345,
             "total": 4161600}, "dataBlocks": {"used": 9120, "total": 10000},
             "discard": "discard_passdown", "whenFull": "queue_if_no_space", "needsCheck": false,
             "metadataLowWaterMarkBlocks": 1024}}
            """#
        ),
        (
            "0 20971520 thin-pool 12 4161600/4161600 10000/10000 77 ro no_discard_passdown"
                + " error_if_no_space needs_check 1024",
            #"""
            {"thinPool": {"mode": "ro", "transactionID": 12, "metadataBlocks": {"used": 4161600,
             "total": 4161600}, "dataBlocks": {"used": 10000, "total": 10000},
             "heldMetadataRoot": 77, "discard": "no_discard_passdown",
             "whenFull": "error_if_no_space", "needsCheck": true,
             "metadataLowWaterMarkBlocks": 1024}}
            """#
        ),
        (
            "0 20971520 thin-pool Fail", #"{"thinPool": {"mode": "fail", "needsCheck": false}}"#
        ),
        (
            "0 2097152 thin 1048576 2097151",
            #"""
            {"thin": {"state": "active", "mappedSectors": 1048576, "highestMappedSector": 2097151}}
            """#
        ),
        ("0 2097152 thin Fail", #"{"thin": {"state": "fail"}}"#),
        ("0 2097152 thin 0 -", #"{"thin": {"state": "active", "mappedSectors": 0}}"#),
        (
            "0 41943040 cache 8 27/4096 512 300/400 10 20 30 40 5 6 7 1 writeback 2"
                + " migration_threshold 2048 smq 0 rw -",
            #"""
            {"cache": {"mode": "rw", "metadataBlockSectors": 8, "metadataBlocks": {"used": 27,
             "total": 4096}, "cacheBlockSectors": 512, "cacheBlocks": {"used": 300, "total": 400},
             "readHits": 10, "readMisses": 20, "writeHits": 30, "writeMisses": 40, "demotions": 5,
             "promotions": 6, "dirtyBlocks": 7, "features": ["writeback"],
             "coreArguments": ["migration_threshold", "2048"], "policy": "smq",
             "policyArguments": [], "needsCheck": false}}
            """#
        ),
        (
            "0 41943040 cache Fail",
            #"""
            {"cache": {"mode": "fail", "features": [], "coreArguments": [], "policyArguments": [],
             "needsCheck": false}}
            """#
        ),
        (
            "0 41943040 writecache 0 262016 200000 16 1 2 3 4 5 6 7 8",
            #"""
            {"writeCache": {"error": 0, "blockCount": 262016, "freeBlockCount": 200000,
             "writebackBlockCount": 16, "counters": [1, 2, 3, 4, 5, 6, 7, 8]}}
            """#
        ),
        (
            "0 1960893648 raid raid4 5 AAAAD 2/490221568 recover 0 2048 -",
            #"""
            {"raid": {"level": "raid4", "memberCount": 5, "health": "AAAAD", "syncSectors":
             {"used": 2, "total": 490221568}, "action": "recover", "mismatchCount": 0,
             "dataOffsetSectors": 2048, "journal": "-"}}
            """#
        ),
        (
            "0 8192 integrity 3 8000 4096",
            #"""
            {"integrity": {"mismatchCount": 3, "providedSectors": 8000,
             "recalculatingAtSector": 4096}}
            """#
        ),
        (
            "0 8192 integrity 0 8000 -",
            #"{"integrity": {"mismatchCount": 0, "providedSectors": 8000}}"#
        ),
        ("0 2097152 verity V", #"{"verity": {"isCorrupted": false}}"#),
        ("0 2097152 verity C 12", #"{"verity": {"isCorrupted": true, "correctedCount": 12}}"#),
        (
            "0 2097152 multipath 2 0 1 0 2 1 A 0 1 2 8:16 A 0 0 1 E 0 2 2 8:32 F 3 0 1 8:48 A 0 0 1",
            #"""
            {"multipath": {"features": ["0", "1"], "hardwareHandler": [], "initialGroup": 1,
             "groups": [{"state": "A", "selectorArguments": [], "paths": [{"device": "8:16",
             "state": "A", "failCount": 0, "selectorArguments": ["0", "1"]}]},
             {"state": "E", "selectorArguments": [], "paths": [{"device": "8:32", "state": "F",
             "failCount": 3, "selectorArguments": ["0", "1"]}, {"device": "8:48", "state": "A",
             "failCount": 0, "selectorArguments": ["0", "1"]}]}]}}
            """#
        ),
        (
            "0 2097152 vdo /dev/dm-1 normal - online online 82000 262144",
            #"""
            {"vdo": {"mode": "normal", "isRecovering": false, "indexState": "online",
             "compressionState": "online", "physicalBlocks": {"used": 82000, "total": 262144}}}
            """#
        ),
        (
            "0 4192256 era 8 45/8192 1234 -",
            #"""
            {"era": {"state": "ok", "metadataBlocks": {"used": 45, "total": 8192},
             "currentEra": 1234}}
            """#
        ),
        (
            "0 1048576 clone 8 19/4096 8 1200/131072 4 1 no_hydration 4 hydration_threshold 1"
                + " hydration_batch_size 1 rw",
            #"""
            {"clone": {"mode": "rw", "metadataBlocks": {"used": 19, "total": 4096}, "regions":
             {"used": 1200, "total": 131072}, "hydratingRegionCount": 4}}
            """#
        ),
    ]

    static let mdstat = """
        Personalities : [raid1] [raid6] [raid5] [raid4]
        md0 : active raid1 sda1[0] sdb1[2](F) sdc1[3](S)
              1046528 blocks super 1.2 [2/1] [U_]
              bitmap: 1/1 pages [4KB], 65536KB chunk

        md1 : active (auto-read-only) raid5 sdf1[3] sde1[1] sdd1[0]
              2093056 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [UU_]
              [==>..................]  recovery = 12.6% (132096/1046528) finish=127.5min speed=33440K/sec

        md2 : inactive sdg1[0](S)
              1046528 blocks super 1.2

        md3 : active raid1 sdh1[0] sdi1[1]
              1046528 blocks super 1.2 [2/2] [UU]
                resync=DELAYED

        unused devices: <none>

        """

    /// `struct dm_ioctl` and what follows it.
    static func reply(
        name: String = "vg0-root", uuid: String = "LVM-abc", device: UInt64 = 253 << 8 | 3,
        flags: UInt32 = 0x20, targetCount: UInt32 = 0, data: [UInt8] = []
    ) -> [UInt8] {
        var bytes = [4, 48, 0].flatMap { little(UInt32($0)) }
        bytes += little(UInt32(312 + data.count)) + little(UInt32(312)) + little(targetCount)
        bytes += little(UInt32(2)) + little(flags) + little(UInt32(9)) + little(UInt32(0))
        bytes += little(device)
        bytes += padded(name, 128) + padded(uuid, 129) + [UInt8](repeating: 0, count: 7)
        return bytes + data
    }

    /// The targets of an answer to `DM_TABLE_STATUS`, from lines as dmsetup prints them.
    static func targets(_ lines: [String]) -> [UInt8] {
        var data = [UInt8]()
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            var parameters = Array((words.count > 3 ? words[3] : "").utf8) + [0]
            while (data.count + 40 + parameters.count) % 8 != 0 { parameters.append(0) }
            data += little(UInt64(words[0]) ?? 0) + little(UInt64(words[1]) ?? 0)
            data += little(UInt32(0))
            data += little(UInt32(data.count + 20 + parameters.count))
            data += padded(words[2], 16) + parameters
        }
        return data
    }

    static func little<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> [UInt8] {
        (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    static func padded(_ text: String, _ count: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(count))
        return bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }
}
