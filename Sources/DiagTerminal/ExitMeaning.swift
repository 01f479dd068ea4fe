/// What the exit codes of `collect` mean, in words.
enum ExitMeaning {
    /// One word, or two.
    static func word(for code: Int) -> String {
        switch code {
        case 0: "complete"
        case 3: "partial"
        case 75: "refused for now"
        case 130: "interrupted"
        default: "failed"
        }
    }

    /// A sentence.
    static func sentence(for code: Int) -> String {
        switch code {
        case 0: "Complete: all that exists was collected."
        case 3: "Partial: what was collected is valid, but something is missing."
        case 64: "Failed: the command line, or a file that the run goes by, is wrong."
        case 69: "Failed: the source does not exist here."
        case 73: "Failed: the output cannot be created."
        case 74: "Failed: input/output error."
        case 75: "Refused for now; try again later."
        case 77: "Failed: not permitted."
        case 130: "Interrupted: what was collected until then is kept."
        default: "Failed."
        }
    }
}
