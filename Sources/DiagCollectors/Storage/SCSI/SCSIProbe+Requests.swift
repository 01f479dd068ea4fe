internal import DiagCollect
public import DiagModel
public import DiagSystem
internal import SystemPackage

extension SCSIProbe {
    /// How many devices are asked at most.
    static let requestLimit = 10_000

    /// One request for each SCSI disk (types 0, 14 and 20 with a block device) and each enclosure
    /// (type 13) below `root`, in the order of their addresses.
    ///
    /// Its facts: `address`, `number`, and for the generic node `generic` and `genericNumber`.
    /// Source: /sys/class/scsi_device.
    public static func requests(in root: RootedTree) -> [ProbeRequest] {
        guard let entries = try? root.directory("/sys/class/scsi_device").entries(limit: 100_000)
        else { return [] }
        var reader = AttributeReader()
        let addresses = entries.map(\.name.string).sorted(by: NaturalOrder.precedes)
        var requests = [ProbeRequest]()
        for address in addresses where requests.count < requestLimit {
            guard let folder = SCSITarget.folder(of: address, in: root),
                let type = reader.text("type", of: folder).flatMap({ UInt8($0) })
            else { continue }
            let generic = first("scsi_generic", of: folder)
            let block = first("block", of: folder)
            let target: String
            switch type {
            case 0, 14, 20:
                guard let block else { continue }
                target = block
            case 13:
                guard let generic else { continue }
                target = generic
            default: continue
            }
            var facts: [String: JSONValue] = ["address": .string(address)]
            if let block {
                facts["number"] = reader.text("block/\(block)/dev", of: folder).map { .string($0) }
            }
            if let generic {
                facts["generic"] = .string("/dev/\(generic)")
                facts["genericNumber"] = reader.text("scsi_generic/\(generic)/dev", of: folder)
                    .map { .string($0) }
            }
            requests.append(
                ProbeRequest(kind: kindName, target: "/dev/\(target)", facts: facts))
        }
        return requests
    }

    /// The first name in a folder of the device, where the kernel has one for each of its drivers.
    static func first(_ name: String, of folder: Directory) -> String? {
        (try? folder.directory(name).entries(limit: 1000))?.first?.name.string
    }
}
