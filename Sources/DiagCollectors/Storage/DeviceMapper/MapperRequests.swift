internal import DiagFormats
internal import DiagModel

/// Which mapped devices are asked about together, and which alone.
///
/// One probe answers for hundreds, so that ten thousand devices need twenty probes. Suspended
/// devices are in none: what sysfs says of them is enough. What stands on one is asked alone, since
/// a pool may hold a lock while its metadata waits; and pools are in small company.
struct MapperRequests {
    /// How many devices share a probe.
    static let batchLimit = 512
    /// How many pools share a probe.
    private static let poolLimit = 16
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
        var pools = [BlockDevice]()
        var singles = [BlockDevice]()
        for device in mapped where !device.isSet("dm/suspended") {
            let uuid = device.facts["dm/uuid"] ?? ""
            if poisoned.contains(device.name) {
                singles.append(device)
            } else if uuid.hasSuffix("-tpool") || uuid.hasSuffix("-vpool") {
                pools.append(device)
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
        for start in stride(from: 0, to: pools.count, by: Self.poolLimit) {
            add(pools[start..<min(pools.count, start + Self.poolLimit)])
        }
        for device in singles.prefix(Self.singleLimit) { add([device]) }
        leftOut = singles.dropFirst(Self.singleLimit).map(\.name)
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
