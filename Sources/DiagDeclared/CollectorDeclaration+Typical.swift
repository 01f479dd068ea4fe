internal import DiagCollect
internal import DiagModel
internal import DiagYAML

extension CollectorDeclaration {
    /// What a command gives and takes on most hosts, as `typically` of its item says. It is no
    /// limit: a plan estimates with it. Much of it grows with the host, such as sockets, routes and
    /// processes, so that it is a better guess, and assumed all the same.
    public struct Typical: Hashable, Sendable {
        /// Bytes that are kept of it; `nil` when nothing is said of that.
        public var byteCount: Int64?
        /// Seconds that it takes; `nil` when nothing is said of that.
        public var seconds: Double?
    }
}

extension CollectorDeclaration.Typical {
    /// Reads `typically` of an item.
    ///
    /// - Parameters:
    ///   - node: what stands there; without, nothing is said.
    ///   - limits: those of the item, which it may not exceed.
    /// - Throws: `YAMLError` at the value, or at the whole where it says nothing.
    init(
        _ node: YAMLNode?, within limits: CollectorDeclaration.Limits
    ) throws(YAMLError) {
        guard let node else { return }
        let mapping = try node.mapping
        try mapping.checkKeys(known: ["bytes", "seconds"], noun: "key")
        guard !mapping.entries.isEmpty else {
            throw node.error("`typically` needs `bytes`, `seconds` or both")
        }
        let reader = DeclarationReader(mapping, of: node)
        byteCount = try reader.byteCount("bytes", atLeast: 0)
        seconds = try reader.number("seconds", in: 0.001...3600)
        if let byteCount, byteCount > limits.byteCount {
            throw try reader.required("bytes").error(
                "\(ByteCountText.describe(byteCount)) is more than the"
                    + " \(ByteCountText.describe(limits.byteCount)) that are kept of it;"
                    + " lower it, or raise `bytes` of `limits`")
        }
        if let seconds, seconds > limits.seconds {
            throw try reader.required("seconds").error(
                "\(DurationText.measured(seconds: seconds)) is more than the"
                    + " \(DurationText.words(seconds: limits.seconds)) that it may take;"
                    + " lower it, or raise `seconds` of `limits`")
        }
    }

    /// What a plan counts for such a command; what is not said is taken to be as usual. All of it
    /// is assumed: nobody measured it on the host at hand.
    func estimate(within limits: CollectorDeclaration.Limits) -> CollectionPlan.Estimate {
        let usual = PlanCost.command
        return .init(
            byteCount: min(byteCount ?? usual.byteCount, limits.byteCount),
            seconds: min(seconds ?? usual.seconds, limits.seconds),
            isAssumed: true)
    }
}
