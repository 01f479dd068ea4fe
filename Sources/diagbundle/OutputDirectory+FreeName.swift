import DiagSystem

extension OutputDirectory {
    /// `stem` with `ending`, or with a number where that is taken.
    func freeName(
        _ stem: String, ending: String = ""
    ) throws(SystemCallError) -> String {
        var name = stem + ending
        var number = 2
        while try status(of: name) != nil {
            name = "\(stem)-\(number)\(ending)"
            number += 1
        }
        return name
    }
}
