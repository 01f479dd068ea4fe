extension CollectionPlan {
    /// A plugin, or a folder of plugins, that is not used.
    public struct Refused: Codable, Hashable, Sendable {
        /// The name that the plugin would have; none for a folder.
        public var name: String?
        /// The program, or the folder.
        public var path: String
        /// Why it is not used, and what to do, as one sentence.
        public var reason: String

        /// A plugin called `name`, or a folder, at `path`.
        public init(name: String?, path: String, reason: String) {
            self.name = name
            self.path = path
            self.reason = reason
        }

        /// What it is called where something is said of it.
        public var title: String { name ?? path }

        /// The same, short and without control characters, whoever wrote the plan.
        public var shown: Refused {
            func shown(_ text: String) -> String {
                UntrustedText.shortened(UntrustedText.escapingControls(text))
            }
            return Refused(name: name.map(shown), path: shown(path), reason: shown(reason))
        }
    }
}
