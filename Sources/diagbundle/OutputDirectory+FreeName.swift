import DiagSystem

extension OutputDirectory {
    /// `stem` with `ending`, or with a number where that, or that with one of `suffixes`, is taken.
    func freeName(
        _ stem: String, ending: String = "", besides suffixes: [String] = []
    ) throws(SystemCallError) -> String {
        func isTaken(_ name: String) throws(SystemCallError) -> Bool {
            for suffix in [""] + suffixes where try status(of: name + suffix) != nil { return true }
            return false
        }
        var name = stem + ending
        var number = 2
        while try isTaken(name) {
            name = "\(stem)-\(number)\(ending)"
            number += 1
        }
        return name
    }
}
