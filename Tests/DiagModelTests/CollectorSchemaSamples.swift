import DiagModel

extension SchemaSample {
    /// The documents of the collectors, with every optional member, and with none.
    static let collectors: [SchemaSample] = texts.map { schema, definition, title, text in
        let value = try? JSONDocument.decode(JSONValue.self, from: Array(text.utf8))
        return SchemaSample(schema, definition: definition, title, value ?? .null)
    }

    private static let commandLine = """
        {"text": "root=/dev/vda ro", "maskedCount": 0,
         "parameters": [{"name": "root", "value": "/dev/vda"}, {"name": "ro"}]}
        """

    private static let share = """
        {"average10": 1.5, "average60": 0, "average300": 100, "totalMicroseconds": 4}
        """

    private static let texts: [(PublishedSchema, String?, String, String)] = [
        (
            .system, nil, "full",
            """
            {"schema": "diagbundle.system/1", "osRelease": {"ID": "debian"}, "bootID": "b",
             "kernel": {"name": "Linux", "release": "6", "version": "#1", "architecture": "x86_64",
                "build": "Linux version 6", "lockdown": "integrity", "securityModules": ["lsm"],
                "taint": {"mask": 4096,
                    "flags": [{"bit": 12, "letter": "O", "meaning": "out of tree"}]}},
             "time": {"bootTime": "2026-11-21T15:48:23.000000Z", "uptimeSeconds": 1.5,
                "timeZone": "Etc/UTC", "clockSource": "tsc", "availableClockSources": ["tsc"]},
             "processors": {"list": {"logicalCount": 2, "packageCount": 1, "coreCount": 2,
                    "models": ["m"], "vendor": "v", "signature": "6/85/7",
                    "microcodeRevisions": ["0x1"], "bugs": ["b"], "features": ["fpu"]},
                "online": "0-1", "present": "0-1", "possible": "0-1", "offline": "", "isolated": "",
                "isMultithreaded": true, "vulnerabilities": {"meltdown": "Mitigation: PTI"}},
             "memory": {"byteCounts": {"MemTotal": 18446744073709551615},
                "counts": {"HugePages_Total": 0}},
             "load": {"average1": 0.5, "average5": 1, "average15": 2, "runningTasks": 1, "tasks": 9},
             "pressure": {"cpu": {"some": \(share), "full": \(share)}, "irq": {"full": \(share)}},
             "modules": [{"name": "ext4", "byteCount": 1, "referenceCount": 1, "usedBy": ["a"],
                "state": "Live", "taint": "O"}],
             "controlGroups": "v2",
             "limits": {"pidMaximum": 1, "threadsMaximum": 2, "filesAllocated": 3,
                "filesMaximum": 9223372036854775807, "inodesAllocated": 4, "inodesFree": 5,
                "openFilesPerProcessMaximum": 6},
             "virtualization": {"systemVendor": "QEMU", "productName": "p", "deviceTreeModel": "d",
                "hypervisorType": "xen", "hasHypervisorFlag": true, "container": "lxc"}}
            """
        ),
        (
            .system, nil, "lean",
            """
            {"schema": "diagbundle.system/1", "kernel": {}, "time": {},
             "processors": {"vulnerabilities": {}}, "limits": {}, "virtualization": {}}
            """
        ),
        (
            .systemIdentity, nil, "full",
            """
            {"schema": "diagbundle.system-identity/1", "hostName": "web1", "domainName": "(none)",
             "machineID": "0123", "commandLine": \(commandLine)}
            """
        ),
        (.systemIdentity, nil, "lean", #"{"schema": "diagbundle.system-identity/1"}"#),
        (
            .boot, nil, "full",
            """
            {"schema": "diagbundle.boot/1", "firmware": "efi", "runningKernel": "6",
             "commandLine": \(commandLine), "isKexecLoaded": false,
             "crashKernel": {"requested": ["256M"], "reservedByteCount": 1, "isLoaded": true,
                "isFirmwareAssisted": true, "isRegistered": false}}
            """
        ),
        (
            .boot, nil, "lean",
            """
            {"schema": "diagbundle.boot/1", "firmware": "unknown", "crashKernel": {"requested": []}}
            """
        ),
        (
            .dmi, nil, "full",
            #"{"schema": "diagbundle.dmi/1", "fields": {"bios_vendor": "v"}}"#
        ),
        (
            .dmiIdentity, nil, "lean", #"{"schema": "diagbundle.dmi-identity/1", "fields": {}}"#
        ),
        (
            .loader, nil, "full",
            """
            {"schema": "diagbundle.loader/1",
             "files": [{"path": "/etc/default/grub", "artifact": "boot/loader/etc/default/grub",
                "byteCount": 3, "maskedCount": 1}],
             "entries": [{"path": "/boot/loader/entries/a.conf", "entry": {"title": "t",
                "version": "v", "machineID": "m", "sortKey": "s", "linux": "/l",
                "initrds": ["/i"], "efi": "/e", "deviceTree": "/d", "architecture": "x64",
                "options": "ro"}}],
             "environments": {"/boot/grub/grubenv": {"saved_entry": "0"}},
             "defaults": {"grubDefault": "0", "savedEntry": "s", "systemdBootDefault": "d",
                "entryCount": 1, "entry": {"loader": "grub", "source": "/boot/grub/grub.cfg",
                    "title": "t", "identifier": "i", "kernel": "/k", "initramfs": ["/i"],
                    "options": "ro"}},
             "difference": {"source": "/s", "onlyRunning": ["a"], "onlyDefault": ["b"],
                "runningRoot": "r", "defaultRoot": "d"}}
            """
        ),
        (
            .loader, nil, "lean",
            #"{"schema": "diagbundle.loader/1", "files": [], "entries": [], "environments": {}}"#
        ),
        (
            .kernels, nil, "full",
            """
            {"schema": "diagbundle.kernels/1", "running": "6", "isRunningModular": true,
             "runningConfiguration": "boot/kernel-config.txt", "unifiedImages": ["/efi/a.efi"],
             "kernels": [{"version": "6", "isRunning": true, "image": "/boot/vmlinuz-6",
                "initramfs": "/boot/i", "crashInitramfs": "/boot/c", "fallbackInitramfs": "/boot/f",
                "configuration": "/boot/config-6", "systemMap": "/boot/System.map-6",
                "modulesDirectory": "/lib/modules/6", "hasModulesIndex": true,
                "isDefault": true, "missing": ["modules"], "files": [{"path": "/boot/vmlinuz-6",
                    "byteCount": 1, "modified": "2026-11-21T15:48:23.000000Z"}]}]}
            """
        ),
        (
            .kernels, nil, "lean",
            #"{"schema": "diagbundle.kernels/1", "kernels": [], "unifiedImages": []}"#
        ),
        (
            .rootStack, nil, "full",
            """
            {"schema": "diagbundle.root-stack/1",
             "targets": [{"path": "/", "state": "mounted", "mountPoint": "/", "fileSystem": "ext4",
                "source": "/dev/md0", "isReadOnly": false, "devices": ["md0"], "problem": "p",
                "chain": "ext4", "physicalDisks": ["sda"], "profiles": ["raid1"],
                "singlePointsOfFailure": [{"kind": "disk", "name": "sda", "why": "w"}]}],
             "devices": [{"name": "md0", "number": "9:0", "kind": "array", "byteCount": 1,
                "isReadOnly": false, "isRemovable": false, "isRotational": true, "mapName": "n",
                "mapUUID": "u", "level": "raid1", "degradedCount": 1, "memberCount": 2, "partitionNumber": 1,
                "backingFile": "/f", "vendor": "v", "model": "m", "standsOn": ["sda"]}]}
            """
        ),
        (
            .rootStack, nil, "lean",
            #"{"schema": "diagbundle.root-stack/1", "targets": [], "devices": []}"#
        ),
        (
            .efi, nil, "full",
            """
            {"schema": "diagbundle.efi/1", "platformBits": 64, "variableCount": 9,
             "bootCurrent": "0001", "bootNext": "001A", "bootOrder": ["0001"],
             "timeoutSeconds": 1, "isSecureBootOn": true, "isInSetupMode": false,
             "osIndications": 0, "osIndicationsSupported": 1, "revocationLevels": "sbat,1",
             "machineOwnerKeyByteCount": 1,
             "entries": [{"number": "0001", "description": "debian", "isActive": true,
                "isHidden": false, "category": 0, "attributes": 1, "paths": ["HD(1,GPT)"],
                "partition": {"number": 1, "firstBlock": 2048, "blockCount": 1, "format": "GPT",
                    "signature": "s"}, "file": "\\\\EFI", "optionalDataByteCount": 1,
                "optionalText": "o", "fault": "f", "target": {"state": "found",
                    "device": "/dev/sda1", "path": "/efi/a.efi", "why": "w"}}],
             "isInAuditMode": false, "isInDeployedMode": true, "isShimValidationOff": false,
             "tableAddresses": {"fw_vendor": "0x1"},
             "machineOwnerKeys": {"byteCount": 1, "sha256": "\(sha)", "signatureCount": 0,
                "lists": []},
             "databases": {"db": {"byteCount": 1, "sha256": "\(sha)", "signatureCount": 1,
                "fault": "f", "lists": [{"type": "x509", "signatureCount": 1, "hashes": ["h"],
                    "isTruncated": false, "subjects": ["s"]}]}},
             "loader": {"LoaderInfo": ["systemd-boot"]},
             "resources": [{"name": "entry0", "firmwareClass": "c", "type": 1, "version": 2,
                "lowestSupportedVersion": 1, "lastAttemptVersion": 2, "lastAttemptStatus": 0,
                "capsuleFlags": 0}]}
            """
        ),
        (
            .efi, nil, "lean",
            #"{"schema": "diagbundle.efi/1", "entries": [], "databases": {}, "loader": {}}"#
        ),
        (
            .esp, nil, "full",
            """
            {"schema": "diagbundle.esp/1", "isTruncated": false,
             "fileSystems": [{"mountPoint": "/efi", "fileSystem": "vfat", "device": "/dev/sda1",
                "isSystemPartition": true, "byteCount": 1, "freeByteCount": 1, "isReadOnly": false,
                "fault": "f"}],
             "files": [{"path": "/efi/a.efi", "byteCount": 1,
                "modified": "2026-11-21T15:48:23.000000Z", "sha256": "\(sha)", "fault": "f",
                "program": {"machine": "x86_64", "subsystem": 10, "isUnifiedKernelImage": true,
                    "sections": [{"name": ".linux", "byteCount": 1, "text": "t"}],
                    "signers": [{"subject": "s", "issuer": "i", "serialNumber": "01",
                        "notAfter": "n"}],
                    "securityGenerations": [{"component": "shim", "generation": 1,
                        "details": ["d"]}], "signatureFault": "f"}}]}
            """
        ),
        (
            .esp, nil, "lean",
            #"{"schema": "diagbundle.esp/1", "fileSystems": [], "files": [], "isTruncated": true}"#
        ),
        (
            .initramfs, nil, "full",
            """
            {"schema": "diagbundle.initramfs/1", "images": [{"path": "/boot/i", "version": "6",
                "isRunning": true, "isDefault": true, "byteCount": 1, "entryCount": 1,
                "moduleCount": 1, "listing": "boot/initramfs/6.txt", "configuration": ["c"],
                "isComplete": true, "fault": "f",
                "parts": [{"compression": "zstd", "offset": 0, "entryCount": 1, "byteCount": 1,
                    "isMicrocode": false}],
                "needs": [{"kind": "module", "name": "dm_crypt", "why": "w",
                    "state": "lacking"}]}]}
            """
        ),
        (
            .initramfs, nil, "lean", #"{"schema": "diagbundle.initramfs/1", "images": []}"#
        ),
        (
            .tpm, nil, "full",
            """
            {"schema": "diagbundle.tpm/1", "devices": [{"name": "tpm0", "majorVersion": 2,
                "description": "d", "registers": {"sha256": {"0": "00"}},
                "eventLog": {"byteCount": 1, "artifact": "boot/tpm/tpm0.bin",
                    "specification": {"platformClass": 0, "version": "2.0.2"},
                    "algorithms": ["sha256"], "isTruncated": false, "fault": "f",
                    "events": [{"pcrIndex": 0, "type": "EV_IPL", "digests": {"sha256": "00"},
                        "dataByteCount": 1, "text": "t"}]}}]}
            """
        ),
        (.tpm, nil, "lean", #"{"schema": "diagbundle.tpm/1", "devices": []}"#),
        (
            .kdump, nil, "full",
            """
            {"schema": "diagbundle.kdump/1", "requested": ["256M"], "reservedByteCount": 1,
             "ranges": [{"first": "0", "last": "f", "byteCount": 16}], "isLoaded": true,
             "vmcoreinfo": "v", "elfHeaderByteCount": 1, "configuration": ["/etc/kdump.conf"],
             "crashInitramfs": "/boot/i", "memoryByteCount": 1,
             "target": {"kind": "local", "path": "/var/crash", "freeByteCount": 1},
             "settings": {"panic": "0"},
             "records": [{"path": "/var/crash/1", "modified": "2026-11-21T15:48:23.000000Z",
                "dumpByteCount": 1, "isComplete": true, "files": ["vmcore"]}]}
            """
        ),
        (
            .kdump, nil, "lean",
            """
            {"schema": "diagbundle.kdump/1", "requested": [], "configuration": [], "settings": {},
             "records": []}
            """
        ),
        (
            .bootHistory, nil, "full",
            """
            {"schema": "diagbundle.boot-history/1", "isComplete": true,
             "boots": [{"bootIdentifier": "0123456789abcdef0123456789abcdef",
                "firstEntry": "2026-11-21T15:48:23.000000Z",
                "lastEntry": "2026-11-21T15:48:23.000000Z", "ending": "clean", "evidence": "e",
                "failedUnits": ["a.service"], "isPartial": false, "reachedEmergency": false}],
             "timing": {"firmwareSeconds": 1, "loaderSeconds": 1, "kernelSeconds": 1,
                "initrdSeconds": 1, "userspaceSeconds": 1, "totalSeconds": 1, "uptimeSeconds": 1,
                "message": "m"}}
            """
        ),
        (
            .bootHistory, nil, "lean",
            """
            {"schema": "diagbundle.boot-history/1", "isComplete": false, "boots": [], "timing": {}}
            """
        ),
        (
            .boots, nil, "full",
            """
            {"schema": "diagbundle.boots/1", "isComplete": true,
             "boots": [{"bootIdentifier": "0123456789abcdef0123456789abcdef", "entryCount": 1,
                "firstEntry": "2026-11-21T15:48:23.000000Z",
                "lastEntry": "2026-11-21T15:48:23.000000Z"}]}
            """
        ),
        (
            .boots, nil, "lean",
            #"{"schema": "diagbundle.boots/1", "isComplete": false, "boots": []}"#
        ),
        (
            .ioSamples, "header", "full",
            #"{"schema": "diagbundle.io-samples/1", "started": "2026-11-21T15:48:23.000000Z"}"#
        ),
        (
            .ioSamples, "line", "full",
            """
            {"seconds": 1.5, "devices": {"sda": [1, 2]}, "stalledMicroseconds": {"io full": 3},
             "mounts": {"/srv": [1, 2, 3, 4, 5, 6]}, "paging": {"pgpgin": 7}}
            """
        ),
        (.ioSamples, nil, "lean", #"{"seconds": 0, "devices": {}}"#),
        (
            .ioRates, nil, "full",
            """
            {"schema": "diagbundle.io-rates/1", "started": "2026-11-21T15:48:23.000000Z",
             "seconds": 1.5, "sampleCount": 2, "devices": [{"name": "sda", "readsPerSecond": 1,
                "writesPerSecond": 0.5, "readBytesPerSecond": 512, "writtenBytesPerSecond": 0,
                "readMilliseconds": 0.1, "writeMilliseconds": 2, "queueDepth": 0.3,
                "busyPercent": 12.5, "inFlight": 0}],
             "mounts": [{"mountPoint": "/srv", "operationsPerSecond": 1, "retransmissions": 0,
                "majorTimeouts": 0, "sentBytesPerSecond": 1, "receivedBytesPerSecond": 2,
                "operationMilliseconds": 0.5}]}
            """
        ),
        (
            .ioRates, nil, "lean",
            #"{"schema": "diagbundle.io-rates/1", "seconds": 0, "sampleCount": 1, "devices": []}"#
        ),
        (
            .subsystems, nil, "full",
            """
            {"schema": "diagbundle.subsystems/1", "subsystems": [{"name": "nvme",
                "friendlyName": "NVMe on db1", "provider": "nvme", "healthStatus": "Warning",
                "operationalStatus": ["Degraded"], "deviceCount": 1, "byteCount": 2,
                "nodes": ["disk:a"]}]}
            """
        ),
        (.subsystems, nil, "lean", #"{"schema": "diagbundle.subsystems/1", "subsystems": []}"#),
        (
            .blockedTasks, nil, "full",
            """
            {"schema": "diagbundle.blocked-tasks/1", "tasks": [{"process": 1, "thread": 2,
                "name": "cp", "waitChannel": "w", "systemCall": "0 0x3", "kernelStack": ["f"],
                "path": "/srv/a", "place": "fileSystem:a", "isStillBlocked": true}]}
            """
        ),
        (.blockedTasks, nil, "lean", #"{"schema": "diagbundle.blocked-tasks/1", "tasks": []}"#),
        (
            .deviceMapper, "header", "full",
            """
            {"schema": "diagbundle.device-mapper/1", "interfaceVersion": [4, 48, 0],
             "targetVersions": [{"name": "linear", "version": [1, 15, 0]}]}
            """
        ),
        (
            .deviceMapper, "line", "full",
            """
            {"device": "dm-0", "number": "253:0", "name": "vg0-root", "uuid": "LVM-a",
             "openCount": 1, "eventNumber": 0, "isSuspended": false, "isReadOnly": false,
             "hasActiveTable": true, "hasInactiveTable": false, "targetCount": 1,
             "targets": [{"startSector": 0, "sectorCount": 8, "type": "thin",
                "tableText": "253:4 7", "table": {"thin": {"poolDevice": "253:4", "deviceID": 7}},
                "statusText": "0 -", "status": {"thin": {"state": "active"}}, "problem": "p"}],
             "dependencies": ["253:4"], "problems": ["p"]}
            """
        ),
        (
            .deviceMapper, nil, "lean",
            """
            {"device": "dm-0", "number": "253:0", "name": "", "openCount": 0, "eventNumber": 0,
             "isSuspended": true, "isReadOnly": false, "hasActiveTable": false,
             "hasInactiveTable": false, "targetCount": 0, "targets": [], "dependencies": [],
             "problems": []}
            """
        ),
        (
            .md, nil, "full",
            """
            {"schema": "diagbundle.md/1", "name": "md0", "level": "raid1", "state": "clean",
             "memberCount": 2, "degradedCount": 1, "syncAction": "recover",
             "syncedSectors": {"used": 1, "total": 2}, "syncSpeedKibibytesPerSecond": 3,
             "mismatchCount": 0, "uuid": "u", "metadataVersion": "1.2", "emptySlots": [1],
             "members": [{"name": "sda1", "states": ["in_sync"], "slot": 0,
                "correctedErrorCount": 0, "offsetSectors": 2048, "sizeKibibytes": 9,
                "recoveryStartSector": 4, "badBlocks": [{"sector": 1, "sectorCount": 8}],
                "unacknowledgedBadBlocks": [], "hasMoreBadBlocks": false,
                "attributes": {"slot": "0"}}], "attributes": {"level": "raid1"}}
            """
        ),
        (
            .md, nil, "lean",
            """
            {"schema": "diagbundle.md/1", "name": "md0", "emptySlots": [],
             "members": [{"name": "sda1", "states": [], "badBlocks": [],
                "unacknowledgedBadBlocks": [], "hasMoreBadBlocks": false, "attributes": {}}],
             "attributes": {}}
            """
        ),
        (
            .networkStorage, nil, "full",
            """
            {"schema": "diagbundle.network-storage/1",
             "nfs": {
                "mounts": [{"source": "s:/e", "mountPoint": "/m", "type": "nfs4", "options": "rw",
                    "ageSeconds": 1, "serverReadBytes": 2, "serverWrittenBytes": 3,
                    "transports": [{"type": "tcp", "connectCount": 1, "idleSeconds": 0,
                        "sendCount": 5, "receiveCount": 5, "badTransactionCount": 0}],
                    "operations": [{"name": "READ", "operationCount": 1, "transmissionCount": 1,
                        "majorTimeoutCount": 0, "sentBytes": 1, "receivedBytes": 1,
                        "queueMilliseconds": 0, "roundTripMilliseconds": 1,
                        "executionMilliseconds": 1, "errorCount": 0}]}],
                "servers": [{"version": "v4", "address": "c0", "port": 2049, "useCount": 1,
                    "hostName": "nas"}],
                "volumes": [{"version": "v4", "address": "c0", "port": 2049, "device": "0:49",
                    "fileSystemID": "1:0", "isCached": false}],
                "transports": [{"name": "switch-1/xprt-1-tcp", "address": "192.0.2.1",
                    "states": ["CONNECTED"], "queuedTaskCount": 0}]},
             "smb": {
                "state": {"version": "2.50", "servers": [{"hostName": "h", "dialect": "0x311",
                    "state": "good", "instance": 1, "requestsOnWire": 0,
                    "sessions": [{"address": "192.0.2.2", "status": 1, "securityType": "RawNTLMSSP",
                        "shares": [{"name": "s", "mountCount": 1, "isDisconnected": false}]}]}]},
                "statistics": {"sessionReconnectCount": 0, "shareReconnectCount": 0,
                    "maximumInFlightCount": 3, "shares": [{"name": "s", "requestCount": 1,
                        "readBytes": 2, "writtenBytes": 3}]}},
             "iscsi": {"sessions": [{"name": "session1", "attributes": {"state": "LOGGED_IN"}}],
                "connections": [], "hosts": []},
             "rbd": [{"device": "0", "pool": "p"}], "nbd": [{"device": "nbd0", "pid": "1"}],
             "drbd": {"version": "8.4.11", "devices": [{"minor": 0, "connection": "Connected",
                "roles": "Primary/Secondary", "disks": "UpToDate/UpToDate",
                "outOfSyncBytes": 0}]}}
            """
        ),
        (
            .networkStorage, nil, "lean",
            #"{"schema": "diagbundle.network-storage/1"}"#
        ),
        (.blockDevices, "header", "full", #"{"schema": "diagbundle.block-devices/1"}"#),
        (
            .blockDevices, "line", "full",
            """
            {"attributes": {"ro": "0"}, "dev": "8:0", "links": ["/dev/disk/by-id/a"], "name": "sda",
             "path": "/sys/devices/a"}
            """
        ),
        (
            .blockDevices, nil, "lean",
            #"{"attributes": {}, "name": "sda", "path": "/sys/devices/a"}"#
        ),
    ]
}
