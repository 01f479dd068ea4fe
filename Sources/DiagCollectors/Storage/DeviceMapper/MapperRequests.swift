internal import DiagFormats
internal import DiagModel

/// Which mapped devices are asked about together, and which alone.
///
/// One probe answers for hundreds, so that ten thousand devices need twenty probes. Suspended
/// devices are in none: what sysfs says of them is enough. What stands on one is asked alone, since
/// a pool may hold a lock while its metadata waits. Pools, thin volumes and caches are in small
/// company, best with those that stand on the same: their status waits for the pool's metadata.
/// Source: `thin_status`, `pool_status` and `cache_status` of drivers/md, Linux 6.12.
struct MapperRequests {
    /// How many devices share a probe.
    static let batchLimit = 512
    /// How many devices share a probe whose status may wait for metadata.
    static let smallBatchLimit = 16
    /// How many devices above a suspended one are asked.
    private static let singleLimit = 32

    /// The probes to ask for.
    private(set) var requests: [ProbeRequest] = []
    /// Devices that are not asked about, because they stand on a suspended one.
    private(set) var leftOut: [String] = []

    /// The requests for all mapped devices among `devices`.
    init(for devices: [BlockDevice]) {
        let mapped = devices.filter { $0.name.hasPrefix("dm-") && $0.number != nil }
        let poisoned = Self.standingOnSuspended(mapped)
        var plain = [BlockDevice]()
        var waiting = [BlockDevice]()
        let byName = Dictionary(mapped.map { ($0.name, $0) }) { first, _ in first }
        var singles = [BlockDevice]()
        for device in mapped where !device.isSet("dm/suspended") {
            if poisoned.contains(device.name) {
                singles.append(device)
            } else if Self.mayWait(device, on: device.lowerDevices.compactMap { byName[$0] }) {
                waiting.append(device)
            } else {
                plain.append(device)
            }
        }
        var number = 0
        func add(_ batch: some Collection<BlockDevice>) {
            guard let first = batch.first else { return }
            number += 1
            requests.append(
                Self.request(
                    batch, number: number,
                    target: batch.count == 1
                        ? "/dev/\(first.name)" : "/dev/mapper/control batch \(number)"))
        }
        for start in stride(from: 0, to: plain.count, by: Self.batchLimit) {
            add(plain[start..<min(plain.count, start + Self.batchLimit)])
        }
        for batch in Self.smallBatches(waiting) { add(batch) }
        for device in singles.prefix(Self.singleLimit) { add([device]) }
        leftOut = singles.dropFirst(Self.singleLimit).map(\.name)
    }

    /// Whether the status of a device waits for a pool's or a cache's metadata.
    private static func mayWait(_ device: BlockDevice, on lower: [BlockDevice]) -> Bool {
        let uuid = device.facts["dm/uuid"] ?? ""
        if uuid.hasSuffix("-tpool") || uuid.hasSuffix("-vpool") { return true }
        // LVM's own device for commands on a pool is linear, and waits for nothing.
        guard !uuid.hasSuffix("-pool") else { return false }
        return lower.contains {
            let below = $0.facts["dm/uuid"] ?? ""
            return below.hasSuffix("-tpool") || below.hasSuffix("-cmeta")
                || $0.facts["dm/name"]?.hasSuffix("_cmeta") == true
        }
    }

    /// Full batches of those that stand on the same devices, and then the rest.
    private static func smallBatches(_ devices: [BlockDevice]) -> [[BlockDevice]] {
        var order = [[String]]()
        var groups = [[String]: [BlockDevice]]()
        for device in devices {
            let lower = device.lowerDevices.sorted()
            if groups[lower] == nil { order.append(lower) }
            groups[lower, default: []].append(device)
        }
        var batches = [[BlockDevice]]()
        var rest = [BlockDevice]()
        for lower in order {
            let group = groups[lower] ?? []
            let full = group.count - group.count % smallBatchLimit
            for start in stride(from: 0, to: full, by: smallBatchLimit) {
                batches.append(Array(group[start..<start + smallBatchLimit]))
            }
            rest += group[full...]
        }
        for start in stride(from: 0, to: rest.count, by: smallBatchLimit) {
            batches.append(Array(rest[start..<min(rest.count, start + smallBatchLimit)]))
        }
        return batches
    }

    private static func request(
        _ batch: some Collection<BlockDevice>, number: Int, target: String
    ) -> ProbeRequest {
        var numbers = [String: JSONValue](minimumCapacity: batch.count)
        for device in batch {
            numbers[device.name] = device.number.map { .string($0.description) }
        }
        return ProbeRequest(
            kind: MapperProbe.kindName, target: target,
            facts: ["batch": .integer(number), "devices": .object(numbers)])
    }

    /// The names of the devices that stand on a suspended one, at whatever depth.
    private static func standingOnSuspended(_ devices: [BlockDevice]) -> Set<String> {
        var holders = [String: [String]]()
        var waiting = [String]()
        for device in devices {
            for lower in device.lowerDevices { holders[lower, default: []].append(device.name) }
            if device.isSet("dm/suspended") { waiting.append(device.name) }
        }
        var found = Set<String>()
        while let name = waiting.popLast() {
            for holder in holders[name] ?? [] where found.insert(holder).inserted {
                waiting.append(holder)
            }
        }
        return found
    }
}
