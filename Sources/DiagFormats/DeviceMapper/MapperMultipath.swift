/// The table or the status of a device with several paths to it.
///
/// The two lines differ in what stands in a group and a path. Source: `multipath_status`,
/// drivers/md/dm-mpath.c of Linux 6.12.
public struct MapperMultipath: Codable, Hashable, Sendable {
    /// One path.
    public struct Path: Codable, Hashable, Sendable {
        /// The device, such as `8:16`.
        public var device: String
        /// `A` active, `F` failed; status only.
        public var state: String?
        /// How often it failed; status only.
        public var failCount: UInt64?
        /// What the selector keeps of it: repeat count and weight, or requests in flight.
        public var selectorArguments: [String]
    }

    /// Paths of the same priority.
    public struct Group: Codable, Hashable, Sendable {
        /// `A` active, `E` enabled, `D` disabled; status only.
        public var state: String?
        /// What chooses the path, such as `service-time`; table only.
        public var selector: String?
        /// The selector's arguments.
        public var selectorArguments: [String]
        /// The paths.
        public var paths: [Path]
    }

    /// Table: features, such as `queue_if_no_path`. Status: requests that wait, and how many path
    /// group initialisations were done.
    public var features: [String]
    /// The hardware handler and its arguments; table only.
    public var hardwareHandler: [String]
    /// The group that is tried first, from 1; 0 for none.
    public var initialGroup: UInt64
    /// The groups, best first.
    public var groups: [Group]

    /// Whether requests wait when no path is left, rather than fail.
    public var queuesWithoutPath: Bool { features.contains("queue_if_no_path") }
    /// All paths of all groups.
    public var paths: [Path] { groups.flatMap(\.paths) }

    init(_ reader: inout MapperWordReader, form: MapperLine.Form) throws(FormatError) {
        features = try reader.counted("feature")
        hardwareHandler = try reader.counted("hardware handler argument")
        let count = try reader.repetitions("path group", of: 3)
        initialGroup = try reader.number("initial group")
        groups = []
        for _ in 0..<count {
            var group = Group(selectorArguments: [], paths: [])
            let word = try reader.word("path group")
            if form == .table { group.selector = word } else { group.state = word }
            group.selectorArguments = try reader.counted("selector argument")
            let pathCount = try reader.repetitions("path")
            let argumentCount: Int = try reader.number("of path arguments", as: Int.self)
            for _ in 0..<pathCount {
                var path = Path(device: try reader.word("path"), selectorArguments: [])
                if form == .status {
                    path.state = try reader.word("path state")
                    path.failCount = try reader.number("fail count")
                }
                path.selectorArguments = try reader.take(argumentCount, "path arguments")
                group.paths.append(path)
            }
            groups.append(group)
        }
    }
}
